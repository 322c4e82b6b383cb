import { DatabaseError } from "pg";
import { describe, expect, it } from "@jest/globals";
import { DriverException } from "@mikro-orm/postgresql";
import {
  DatabaseFailure,
  errorToThrow,
  isConnectionFailure,
  violatedConstraint,
  withoutValues,
} from "./database-error.ts";

/** An error of the server, as pg throws it. */
function aServerError(code: string, over: Partial<DatabaseError> = {}): DatabaseError {
  return Object.assign(new DatabaseError("something about Mrs Smith", 0, "error"), { code, ...over });
}

describe("an error of the database", () => {
  it.each([
    aServerError("57P01"),
    aServerError("08006"),
    aServerError("28P01"),
    aServerError("53300"),
    new DriverException(aServerError("57P03")),
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }),
    Object.assign(new Error("connect ENOENT /run/x"), { code: "ENOENT", syscall: "connect" }),
    new Error("Connection terminated unexpectedly"),
    new Error("timeout exceeded when trying to connect"),
    new Error("PostgreSQL does not answer"),
  ])("is a failure of the connection: %s", (error) => {
    expect(isConnectionFailure(error)).toBe(true);
  });

  it.each([
    aServerError("23505"),
    aServerError("57014"),
    Object.assign(new Error("no such file"), { code: "ENOENT", syscall: "open" }),
    new Error("anything else"),
    undefined,
    "57P01",
  ])("is no failure of the connection: %s", (error) => {
    expect(isConnectionFailure(error)).toBe(false);
  });

  it("names the constraint that would be broken, and only that kind of constraint", () => {
    expect(violatedConstraint(aServerError("23505", { constraint: "account_email_key" }))).toBe("account_email_key");
    expect(violatedConstraint(aServerError("23514"))).toBeUndefined();
    expect(violatedConstraint(aServerError("42501", { constraint: "x" }))).toBeUndefined();
    expect(violatedConstraint(new Error("x"))).toBeUndefined();
  });

  it("loses its values and keeps what it is about", () => {
    const error = aServerError("23505", { constraint: "patient_key", table: "trip", detail: "Key (name)=(Smith)" });
    const safe = withoutValues(error);
    expect(safe).toBeInstanceOf(DatabaseFailure);
    expect(safe).toMatchObject({ code: "23505", constraint: "patient_key", table: "trip" });
    expect(`${safe instanceof Error && safe.stack}${JSON.stringify(safe)}`).not.toContain("Smith");
    expect(withoutValues(safe)).toBe(safe);
  });

  it("stays as it is if the server did not say it", () => {
    const error = new TypeError("x");
    expect(withoutValues(error)).toBe(error);
  });

  it("gives way to the reason for which a call was given up, unless it is about something else", () => {
    const call = new AbortController();
    const bug = new TypeError("x");
    const cancelled = aServerError("57014");
    expect(errorToThrow(cancelled, call.signal)).toMatchObject({ code: "57014" });
    const reason = new Error("left");
    call.abort(reason);
    expect(errorToThrow(cancelled, call.signal)).toBe(reason);
    expect(errorToThrow(new DriverException(reason), call.signal)).toBe(reason);
    expect(errorToThrow(bug, call.signal)).toBe(bug);
    expect(errorToThrow(aServerError("23505"), call.signal)).toMatchObject({ code: "23505" });
  });
});

import { describe, expect, it } from "@jest/globals";
import { attemptIdOf, eventIdOf, tripNumberOf } from "./imported-ids.ts";

describe("ids that the move makes", () => {
  it("gives a trip the same attempt in every run", () => {
    expect(attemptIdOf("trip-1")).toBe("7322c11b-87b5-5a86-8192-0b9cad590ebc");
  });

  it("gives another trip another attempt", () => {
    expect(attemptIdOf("trip-2")).not.toBe(attemptIdOf("trip-1"));
  });

  it("tells the events of two records with one id apart by what they are", () => {
    expect(eventIdOf("trip", "1")).not.toBe(eventIdOf("bid", "1"));
    expect(eventIdOf("trip", "1")).toBe(eventIdOf("trip", "1"));
  });

  it("names a trip by the first digits of the MD5 of its id", () => {
    // md5("trip-1") as md5sum has it.
    expect(tripNumberOf("trip-1")).toBe("L-868C1-FA987-2958B");
  });
});

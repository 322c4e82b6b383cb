import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { BadRequestSchema, ResourceInfoSchema, RetryInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  badRequest,
  errorInfoOf,
  notFound,
  Refusal,
  reasonFromName,
  reasonName,
  reasonOf,
  refuse,
  retryInfo,
} from "./refusal.ts";

describe("a refusal", () => {
  it("takes its code from the reason's descriptor", () => {
    expect(refuse(Reason.ETAG_MISMATCH, "changed").code).toBe(Code.Aborted);
    expect(refuse(Reason.TOKEN_EXPIRED, "over").code).toBe(Code.Unauthenticated);
    expect(refuse(Reason.DEPENDENCY_DOWN, "down").code).toBe(Code.Unavailable);
  });

  it("tells its reason to programs and its sentence to people", () => {
    const refusal = refuse(Reason.BID_HELD, "the bid is being accepted", { metadata: { bid_id: "b1" } });
    expect(reasonOf(refusal)).toBe("BID_HELD");
    expect(refusal.rawMessage).toBe("the bid is being accepted");
    expect(errorInfoOf(refusal)?.metadata).toEqual({ bid_id: "b1" });
  });

  it("keeps everything when it leaves in a service's name", () => {
    const cause = new Error("why");
    const refusal = refuse(Reason.RATE_LIMITED, "slower", { details: [retryInfo(1_500)], metadata: { a: "b" }, cause });
    const sent = refusal.inDomain("ems.medport");
    expect(errorInfoOf(sent)).toMatchObject({ reason: "RATE_LIMITED", domain: "ems.medport", metadata: { a: "b" } });
    expect(sent.findDetails(RetryInfoSchema).map((info) => toJson(RetryInfoSchema, info))).toEqual([
      { retryDelay: "1.500s" },
    ]);
    expect(sent.cause).toBe(cause);
  });

  it("is told from every other error of its family", () => {
    expect(Refusal.is(refuse(Reason.INTERNAL, ""))).toBe(true);
    expect(Refusal.is(new ConnectError("", Code.Internal))).toBe(false);
    expect(Refusal.is(undefined)).toBe(false);
  });

  it("names what was not found without saying whether it exists", () => {
    const refusal = notFound("trip", "t1");
    expect(reasonOf(refusal)).toBe("RESOURCE_NOT_FOUND");
    expect(refusal.findDetails(ResourceInfoSchema)[0]).toMatchObject({ resourceType: "trip", resourceName: "t1" });
  });

  it("names the fields that break a rule", () => {
    const detail = badRequest([{ field: "name", description: "is empty" }]);
    const refusal = refuse(Reason.VALIDATION_FAILED, "name", { details: [detail] });
    expect(refusal.findDetails(BadRequestSchema)[0]?.fieldViolations[0]).toMatchObject({ field: "name" });
  });
});

describe("a reason", () => {
  it("survives the way over the wire", () => {
    for (const reason of Object.values(Reason).filter((value) => value !== Reason.UNSPECIFIED)) {
      expect(reasonFromName(reasonName(reason))).toBe(reason);
    }
  });

  it("that this version does not know is no reason", () => {
    expect(reasonFromName("FROM_THE_FUTURE")).toBeUndefined();
    expect(reasonFromName("UNSPECIFIED")).toBeUndefined();
  });

  it("is absent from errors that no service made", () => {
    expect(reasonOf(new ConnectError("", Code.NotFound))).toBeUndefined();
    expect(reasonOf(new Error("no"))).toBeUndefined();
  });
});

import { describe, expect, it } from "@jest/globals";
import { ResourceInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { notFound, Refusal } from "#platform/rpc/refusal.ts";
import { type Decision, granted, refused } from "./decisions/decision.ts";
import { grantedOrThrow } from "./granted.ts";

function thrownBy(decision: Decision<unknown>): Refusal {
  try {
    grantedOrThrow(decision);
  } catch (error) {
    if (Refusal.is(error)) return error;
  }
  throw new Error("no refusal was thrown");
}

function looksOf(refusal: Refusal) {
  const { reason, rawMessage } = refusal;
  return { reason, rawMessage, resources: refusal.findDetails(ResourceInfoSchema) };
}

describe("the outcome of a rule", () => {
  it("is its value if it went well", () => {
    expect(grantedOrThrow(granted(7))).toBe(7);
  });

  it("looks, for a record out of reach, as for one that is missing", () => {
    const refusal = thrownBy(refused("RESOURCE_NOT_FOUND", "no bid 0193-a_B"));
    expect(looksOf(refusal)).toEqual(looksOf(notFound("bid", "0193-a_B")));
  });

  it("is refused in the rule's own words if they name no record", () => {
    const refusal = thrownBy(refused("RESOURCE_NOT_FOUND", "the agency has no such unit"));
    expect(looksOf(refusal)).toEqual({
      ...{ reason: Reason.RESOURCE_NOT_FOUND, rawMessage: "the agency has no such unit", resources: [] },
    });
  });
});

import { describe, expect, it } from "@jest/globals";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { actorOnBid, bidActor } from "./bid-actor.ts";

const token = "";
const ofBlair = { ...aUser({ userId: "ada", userType: "EMS", organizationId: "blair" }), token };
const ofCenter = { ...aCenterUser(), token };

describe("who acts on bids", () => {
  it("is an agency's person for that agency alone, who gives no reason", () => {
    const own = { ok: true, value: { agencyId: "blair", userId: "ada" } };
    expect(bidActor(ofBlair, { agencyId: "", overrideReason: "" })).toEqual(own);
    expect(bidActor(ofBlair, { agencyId: "blair", overrideReason: "because" })).toEqual(own);
    expect(bidActor(ofBlair, { agencyId: "rival", overrideReason: "" })).toMatchObject({
      reason: "RESOURCE_NOT_FOUND",
    });
  });

  it.each([
    ["", "by phone"],
    ["blair", ""],
    ["blair", "  "],
  ])("is Center for an agency that it names, with a reason (%p, %p is not enough)", (agencyId, overrideReason) => {
    expect(bidActor(ofCenter, { agencyId, overrideReason })).toMatchObject({ reason: "VALIDATION_FAILED" });
    expect(bidActor(ofCenter, { agencyId: "blair", overrideReason: "by phone" })).toMatchObject({
      value: { agencyId: "blair", overrideReason: "by phone" },
    });
  });

  it("is nobody else: to them the bid does not exist", () => {
    const bid = { id: "bid-1", agencyId: "rival" };
    expect(actorOnBid(bid, ofBlair, "")).toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    expect(actorOnBid(bid, ofCenter, "by phone")).toMatchObject({ value: { agencyId: "rival" } });
    expect(actorOnBid(bid, ofCenter, "")).toMatchObject({ reason: "VALIDATION_FAILED" });
  });
});

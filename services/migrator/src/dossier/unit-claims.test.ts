import { describe, expect, it } from "@jest/globals";
import { aBid, aDirectory, aDossier, at } from "./dossier.builder.ts";
import type { DossierTrip } from "./dossier.ts";
import { moveDossier } from "./move-dossier.ts";
import { claimUnits } from "./unit-claims.ts";

const directory = aDirectory();
const options = { importedAt: at("13:00") };

function wanting(id: string, over: Partial<DossierTrip> = {}) {
  return aDossier({ id, status: "SCHEDULED", assignedAgencyId: "swift", assignedUnitId: "swift-1", ...over });
}

describe("a unit that several open trips want", () => {
  it("stays with the one that was accepted first", async () => {
    const dossiers = [
      wanting("a", { acceptedTimestamp: at("09:01") }),
      wanting("b", { acceptedTimestamp: at("09:00") }),
    ];
    expect([...(await claimUnits(dossiers, directory))]).toEqual([["swift-1", "b"]]);
    expect([...(await claimUnits(dossiers.toReversed(), directory))]).toEqual([["swift-1", "b"]]);
  });

  it("stays with the one whose id is first if both were accepted at once", async () => {
    const acceptedTimestamp = at("09:00");
    const dossiers = [wanting("b", { acceptedTimestamp }), wanting("a", { acceptedTimestamp })];
    expect((await claimUnits(dossiers, directory)).get("swift-1")).toBe("a");
  });

  it("stays with one that has a time of acceptance", async () => {
    const dossiers = [wanting("a"), wanting("b", { acceptedTimestamp: at("09:00") })];
    expect((await claimUnits(dossiers, directory)).get("swift-1")).toBe("b");
  });

  it("counts the time at which a bid was accepted", async () => {
    const bids = [aBid({ transportRequestId: "a", status: "ACCEPTED", reviewedAt: at("08:50") })];
    const dossiers = [wanting("b", { acceptedTimestamp: at("09:00") }), { ...wanting("a"), bids }];
    expect((await claimUnits(dossiers, directory)).get("swift-1")).toBe("a");
  });

  it.each([
    ["is over", { status: "COMPLETED" }],
    ["waits", { status: "PENDING" }],
    ["leads to its origin, and so waits in quarantine", { destinationFacilityId: "mercy" }],
    ["is another agency's", { assignedAgencyId: "calm" }],
  ] as const)("is not kept by a trip that %s", async (_, over) => {
    const earlier = wanting("a", { acceptedTimestamp: at("08:01"), ...over });
    const claims = await claimUnits([earlier, wanting("b", { acceptedTimestamp: at("09:00") })], directory);
    expect([...claims]).toEqual([["swift-1", "b"]]);
  });
});

describe("a trip that does not keep its unit", () => {
  const unitClaims = new Map([["swift-1", "other"]]);

  it("moves without it if it is only assigned", () => {
    const { rows, issues } = moveDossier(wanting("a"), directory, { unitClaims, options });
    expect(rows.find(({ table }) => table === "hospital.trip")?.row).toMatchObject({
      ...{ status: "ASSIGNED", assigned_unit_id: null, assigned_unit_type: null },
    });
    expect(rows.find(({ table }) => table === "ems.assignment")?.row).toMatchObject({
      unit_id: null,
      unit_state: null,
    });
    expect(issues).toContainEqual({
      ...{ table: "TransportRequest", pk: "a", kind: "DOUBLE_BOOKED", rule: "R-UNIT" },
      detail: { unitId: "swift-1", keptByTripId: "other" },
    });
  });

  it("waits in quarantine if it is in progress", () => {
    const moved = moveDossier(wanting("a", { status: "IN_TRANSIT" }), directory, { unitClaims, options });
    expect(moved.rows).toEqual([]);
    expect(moved.verdicts).toEqual([
      { table: "TransportRequest", pk: "a", fate: "QUARANTINED", reason: "IN_PROGRESS_WITHOUT_UNIT" },
    ]);
    expect(moved.issues.map(({ kind }) => kind)).toEqual(["DOUBLE_BOOKED"]);
  });

  it("keeps it after all if it is over", () => {
    const { rows } = moveDossier(wanting("a", { status: "COMPLETED" }), directory, { unitClaims, options });
    expect(rows[0]?.row).toMatchObject({ assigned_unit_id: "swift-1", assigned_unit_type: "ALS" });
  });
});

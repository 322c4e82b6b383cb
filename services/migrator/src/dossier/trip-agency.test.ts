import { describe, expect, it } from "@jest/globals";
import { aBid, aDirectory, aDossier, aQueueEntry, at, aUnitAssignment } from "./dossier.builder.ts";
import type { Dossier } from "./dossier.ts";
import { tripAgency } from "./trip-agency.ts";

const directory = aDirectory();
const accepted = { status: "ACCEPTED" } as const;

/** What comes of a dossier: status, agency, unit and kinds of findings, or the reason of its quarantine. */
function holderOf(dossier: Dossier): readonly unknown[] {
  const decided = tripAgency(dossier, directory);
  if (!decided.ok) return [decided.reason];
  const { status, agencyId, unitId } = decided.value;
  return [status, agencyId, unitId, ...decided.findings.map(({ kind }) => kind)];
}

describe("the agency of a trip", () => {
  it("is the one that its row names", () => {
    const dossier = aDossier({ status: "SCHEDULED", assignedAgencyId: "calm" }, { bids: [aBid(accepted)] });
    expect(holderOf(dossier)).toEqual(["ASSIGNED", "calm", null]);
  });

  it("is nobody while it waits, whatever its row says", () => {
    const dossier = aDossier({ assignedAgencyId: "swift", assignedUnitId: "swift-1" });
    expect(holderOf(dossier)).toEqual(["PENDING", null, null]);
  });

  it.each(["SCHEDULED", "IN_TRANSIT"] as const)(
    "keeps a trip that is %s from moving if it was not moved itself",
    (status) => {
      expect(holderOf(aDossier({ status, assignedAgencyId: "phantom" }))).toEqual(["AGENCY_NOT_MOVED"]);
    },
  );

  it.each([
    ["COMPLETED", "COMPLETED"],
    ["CANCELLED", "CANCELLED"],
  ] as const)("is forgotten on a trip that is %s if it was not moved", (old, status) => {
    const dossier = aDossier({ status: old, assignedAgencyId: "phantom" }, { bids: [aBid(accepted)] });
    expect(holderOf(dossier)).toEqual([status, null, null, "AGENCY_NOT_MOVED"]);
  });
});

describe("the agency of a trip whose row names none", () => {
  const bids = [aBid({ ...accepted, agencyId: "calm", reviewedAt: at("09:00") })];
  const unitAssignments = [aUnitAssignment({ unitId: "calm-1" })];
  const queueEntries = [aQueueEntry({ assignedProviderId: "calm" })];

  it.each([
    ["SCHEDULED", "ASSIGNED"],
    ["IN_TRANSIT", "IN_PROGRESS"],
    ["COMPLETED", "COMPLETED"],
  ] as const)("is inferred if the trip is %s", (old, status) => {
    expect(holderOf(aDossier({ status: old }, { bids }))).toEqual([status, "calm", null, "AGENCY_INFERRED"]);
  });

  it("is not inferred if the trip was cancelled", () => {
    const dossier = aDossier({ status: "CANCELLED" }, { bids, unitAssignments, queueEntries });
    expect(holderOf(dossier)).toEqual(["CANCELLED", null, null, "AGENCY_UNKNOWN"]);
  });

  it("is that of the accepted bid before that of a unit", () => {
    const dossier = aDossier({ status: "SCHEDULED", assignedUnitId: "swift-1" }, { bids });
    expect(holderOf(dossier)).toEqual(["ASSIGNED", "calm", "swift-1", "AGENCY_INFERRED"]);
  });

  it("is that of the bid that was accepted last, and one without a time comes last", () => {
    const more = [
      aBid({ ...accepted, id: "a", agencyId: "swift", reviewedAt: at("08:59") }),
      ...bids,
      aBid({ ...accepted, id: "b", agencyId: "swift" }),
      aBid({ id: "c", agencyId: "swift", status: "REJECTED", reviewedAt: at("10:00") }),
    ];
    expect(holderOf(aDossier({ status: "SCHEDULED" }, { bids: more }))[1]).toBe("calm");
    expect(holderOf(aDossier({ status: "SCHEDULED" }, { bids: more.toReversed() }))[1]).toBe("calm");
  });

  it("is that of the bid whose id is first if two were accepted at once", () => {
    const twins = [aBid({ ...accepted, id: "b", agencyId: "calm" }), aBid({ ...accepted, id: "a" })];
    expect(holderOf(aDossier({ status: "SCHEDULED" }, { bids: twins }))[1]).toBe("swift");
  });

  it("is that of the trip's unit before that of a unit assignment", () => {
    const dossier = aDossier({ status: "SCHEDULED", assignedUnitId: "swift-1" }, { unitAssignments, queueEntries });
    expect(holderOf(dossier)).toEqual(["ASSIGNED", "swift", "swift-1", "AGENCY_INFERRED"]);
  });

  it("is that of the latest unit assignment, which also names the unit, before that of a queue", () => {
    const several = [aUnitAssignment({ id: "old", unitId: "swift-1", createdAt: at("08:00") }), ...unitAssignments];
    const dossier = aDossier({ status: "IN_TRANSIT" }, { unitAssignments: several, queueEntries: [aQueueEntry()] });
    expect(holderOf(dossier)).toEqual(["IN_PROGRESS", "calm", "calm-1", "AGENCY_INFERRED"]);
  });

  it("is that of the queue if nothing else names one", () => {
    const several = [
      ...queueEntries,
      aQueueEntry({ id: "none", assignedProviderId: null, queueTimestamp: at("09:00") }),
      aQueueEntry({ id: "old", queueTimestamp: at("07:00") }),
    ];
    const dossier = aDossier({ status: "SCHEDULED" }, { queueEntries: several });
    expect(holderOf(dossier)).toEqual(["ASSIGNED", "calm", null, "AGENCY_INFERRED"]);
  });

  it("is none that was not moved", () => {
    const dossier = aDossier(
      { status: "SCHEDULED", assignedUnitId: "gone" },
      {
        bids: [aBid({ ...accepted, agencyId: "phantom" })],
        unitAssignments: [aUnitAssignment({ unitId: "gone" })],
        queueEntries: [aQueueEntry({ assignedProviderId: "phantom" })],
      },
    );
    expect(holderOf(dossier)).toEqual(["PENDING", null, null, "DOWNGRADED"]);
  });

  it.each([
    ["SCHEDULED", ["PENDING", null, null, "DOWNGRADED"]],
    ["IN_TRANSIT", ["IN_PROGRESS_WITHOUT_AGENCY"]],
    ["COMPLETED", ["COMPLETED", null, null, "AGENCY_UNKNOWN"]],
  ] as const)("cannot be inferred from nothing: a trip that is %s", (status, expected) => {
    expect(holderOf(aDossier({ status }))).toEqual(expected);
  });

  it("is told with where it was found", () => {
    const decided = tripAgency(aDossier({ status: "SCHEDULED" }, { queueEntries }), directory);
    expect(decided.findings).toEqual([
      { kind: "AGENCY_INFERRED", rule: "R-AGENCY", detail: { agencyId: "calm", from: "TransportQueue" } },
    ]);
  });
});

import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AvailabilityStatus, UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { aHospitalDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

const { AVAILABLE, ON_BREAK, OFF_DUTY } = AvailabilityStatus;

describe("availability", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let center: EmsClients;
  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    center = test.as(anOverseer());
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const hourMs = 3_600_000;
  const at = (time: number) => timestampFromDate(new Date(time));
  const stateOf = async (unitId: string) => {
    const { unit } = await blair.units.getUnit({ unitId });
    return [unit?.availability, unit?.assignable];
  };

  describe("of a crew", () => {
    it("is recorded from now on, keeps the unit from trips, and is told", async () => {
      const unitId = await test.unit("blair");
      const { availability, unit } = await blair.units.recordAvailability({ unitId, status: ON_BREAK, notes: "lunch" });
      expect(availability).toMatchObject({ unitId, status: ON_BREAK, notes: "lunch" });
      expect(availability?.endTime).toBeUndefined();
      expect(unit).toMatchObject({ availability: ON_BREAK, assignable: false, etag: '"2"' });
      const tripId = await test.trip();
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, unitId }))).toBe("UNIT_NOT_AVAILABLE");
      await blair.bids.acceptTrip({ tripId });
      expect(await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }))).toBe("UNIT_NOT_AVAILABLE");
      const [event] = await test.query<{ payload: Buffer }>(
        "select payload from outbox_event where aggregate_id = $1 and aggregate_ver = 2",
        [unitId],
      );
      expect(event).toBeDefined();
      expect(event?.payload.includes("lunch")).toBe(false);
    });

    it("may be noted while the unit is on a trip, and counts when it is back", async () => {
      const [unitId, tripId] = [await test.unit("blair"), await test.trip()];
      await blair.bids.acceptTrip({ tripId, unitId });
      const { unit } = await blair.units.recordAvailability({ unitId, status: OFF_DUTY });
      expect(unit).toMatchObject({ availability: AvailabilityStatus.ASSIGNED, status: UnitStatus.IN_USE });
      await test.tellTrip(tripId);
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.CANCELLED, version: 3 });
      await test.tellTrip(tripId);
      expect(await stateOf(unitId)).toEqual([OFF_DUTY, false]);
    });

    it("ends what was recorded without an end, where it begins", async () => {
      const unitId = await test.unit("blair");
      const first = await blair.units.recordAvailability({ unitId, status: ON_BREAK });
      test.elapse(1_000);
      const second = await blair.units.recordAvailability({ unitId, status: AVAILABLE });
      expect(await stateOf(unitId)).toEqual([AVAILABLE, true]);
      const { availabilities } = await blair.units.listAvailability({ unitId });
      expect(availabilities).toEqual([
        second.availability,
        { ...first.availability, endTime: second.availability?.startTime },
      ]);
    });

    it("changes by the time alone: what was recorded for later begins, and ends", async () => {
      const unitId = await test.unit("blair");
      // The service's clock runs ahead of ours by what the tests before have let pass.
      const startMs = await serviceTime();
      const [startTime, endTime] = [at(startMs + hourMs), at(startMs + 2 * hourMs)];
      const later = await blair.units.recordAvailability({ unitId, status: OFF_DUTY, startTime, endTime });
      expect(later.unit).toMatchObject({ availability: AVAILABLE, assignable: true });
      test.elapse(1.5 * hourMs);
      expect(await stateOf(unitId)).toEqual([OFF_DUTY, false]);
      test.elapse(hourMs);
      expect(await stateOf(unitId)).toEqual([AVAILABLE, true]);
    });

    it("lasts until what is recorded for later begins, and does not reach into it", async () => {
      const unitId = await test.unit("blair");
      const startMs = await serviceTime();
      const [soon, late] = [at(startMs + hourMs), at(startMs + 2 * hourMs)];
      await blair.units.recordAvailability({ unitId, status: OFF_DUTY, startTime: soon });
      const { availability } = await blair.units.recordAvailability({ unitId, status: ON_BREAK });
      expect(availability?.endTime).toEqual(soon);
      const reaching = blair.units.recordAvailability({ unitId, status: AVAILABLE, endTime: late });
      expect(await refusalOf(reaching)).toBe("RESOURCE_EXISTS");
      const backwards = blair.units.recordAvailability({ unitId, status: AVAILABLE, startTime: late, endTime: soon });
      expect(await refusalOf(backwards)).toBe("VALIDATION_FAILED");
    });

    it("that was planned by mistake is replaced by what begins at the same moment", async () => {
      const unitId = await test.unit("blair");
      const startTime = at((await serviceTime()) + hourMs);
      const wrong = await blair.units.recordAvailability({ unitId, status: OFF_DUTY, startTime, notes: "wrong unit" });
      const right = await blair.units.recordAvailability({ unitId, status: AVAILABLE, startTime });
      expect(right.availability).toEqual({ ...wrong.availability, status: AVAILABLE, notes: "" });
      expect((await blair.units.listAvailability({ unitId })).availabilities).toEqual([right.availability]);
    });

    it("is not recorded by others, and ASSIGNED by nobody", async () => {
      const unitId = await test.unit("blair");
      expect(await refusalOf(rival.units.recordAvailability({ unitId, status: ON_BREAK }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(center.units.recordAvailability({ unitId, status: ON_BREAK }))).toBe("METHOD_NOT_ALLOWED");
      const assigned = blair.units.recordAvailability({ unitId, status: AvailabilityStatus.ASSIGNED });
      expect(await refusalOf(assigned)).toBe("VALIDATION_FAILED");
    });

    it("is listed newest first, page by page, for its own agency and Center", async () => {
      const unitId = await test.unit("blair");
      const startMs = await serviceTime();
      for (const hour of [1, 3, 2]) {
        const [startTime, endTime] = [at(startMs + hour * hourMs), at(startMs + (hour + 1) * hourMs)];
        await blair.units.recordAvailability({ unitId, status: ON_BREAK, startTime, endTime });
      }
      const first = await center.units.listAvailability({ unitId, pageSize: 2 });
      expect(first.availabilities.map(({ startTime }) => startTime)).toEqual(
        [3, 2].map((hour) => at(startMs + hour * hourMs)),
      );
      const rest = await center.units.listAvailability({ unitId, pageSize: 2, pageToken: first.nextPageToken });
      expect([rest.availabilities.length, rest.nextPageToken]).toEqual([1, ""]);
      expect(await refusalOf(rival.units.listAvailability({ unitId }))).toBe("RESOURCE_NOT_FOUND");
      const other = { unitId: await test.unit("blair"), pageToken: first.nextPageToken };
      expect(await refusalOf(center.units.listAvailability(other))).toBe("PAGE_TOKEN_MISMATCH");
    });
  });

  describe("of agencies", () => {
    const hospital = () => test.as(aHospitalDispatcher("mercy")).units;
    const summaryOf = async (agencyId: string, county = "") => {
      const { agencies } = await hospital().summarizeAvailability({ county });
      return agencies.find((agency) => agency.agencyId === agencyId);
    };

    it("is told to hospitals in numbers of units that can come now, by type", async () => {
      const agency = await test.agency("counted");
      const ids = [];
      for (const type of [UnitType.ALS, UnitType.ALS, UnitType.BLS, UnitType.CCT])
        ids.push(await test.unit("counted", type));
      await agency.units.setUnitStatus({ unitId: ids[0] ?? "", status: UnitStatus.MAINTENANCE });
      await agency.units.recordAvailability({ unitId: ids[3] ?? "", status: ON_BREAK });
      const summary = await summaryOf("counted");
      expect(summary).toMatchObject({ agencyId: "counted", agencyName: "Agency counted" });
      expect(summary?.assignableUnits.map(({ type, count }) => [type, count])).toEqual([
        [UnitType.BLS, 1],
        [UnitType.ALS, 1],
      ]);
      const said = JSON.stringify(summary);
      for (const id of ids) expect(said).not.toContain(id);
    });

    it("lists an agency without a free unit with none, one that takes no part not at all", async () => {
      await test.agency("empty");
      await test.agency("waiting", { status: ServiceStatus.PENDING });
      expect((await summaryOf("empty"))?.assignableUnits).toEqual([]);
      expect(await summaryOf("waiting")).toBeUndefined();
    });

    it("can be asked for by county", async () => {
      await test.agency("elk", { profile: { serviceArea: ["county:Elk"] } });
      expect(await summaryOf("elk", " elk ")).toBeDefined();
      expect(await summaryOf("elk", "Blair")).toBeUndefined();
      expect(await summaryOf("blair", "Blair")).toBeDefined();
    });

    it("is an agency's own to see, and Center's", async () => {
      const own = await blair.units.summarizeAvailability({});
      expect(own.agencies.map(({ agencyId }) => agencyId)).toEqual(["blair"]);
      const all = await center.units.summarizeAvailability({});
      expect(all.agencies.length).toBeGreaterThan(2);
      expect(all.agencies.map(({ agencyName }) => agencyName)).toEqual(
        all.agencies.map(({ agencyName }) => agencyName).toSorted(),
      );
    });
  });

  it("is filtered by the database as the rule has it", async () => {
    await test.agency("mixed");
    const [inPast, inFuture] = [-hourMs, hourMs].map((ms) => new Date(Date.now() + 100 * hourMs + ms));
    // The service's clock is set to the hundredth hour from now, between the two.
    test.elapse(Date.now() + 100 * hourMs - (await serviceTime()));
    const bounds = [null, inPast, inFuture];
    for (const status of ["AVAILABLE", "MAINTENANCE"]) {
      for (const isActive of [true, false]) {
        for (const start of bounds) {
          for (const end of bounds) {
            const unitId = await test.unit("mixed");
            const shift = { start: start ?? null, end: end ?? null };
            await test.query(
              "update unit set status = $2, is_active = $3, shift_start = $4, shift_end = $5 where id = $1",
              [...[unitId, status, isActive, shift.start, shift.end]],
            );
          }
        }
      }
    }
    const crews = ["AVAILABLE", "ASSIGNED", "ON_BREAK", "OFF_DUTY"];
    for (const crew of crews) {
      for (const end of bounds) {
        const unitId = await test.unit("mixed");
        await test.query(
          `insert into unit_availability (id, unit_id, status, start_time, end_time, created_at, updated_at)
           values ($1, $2, $3, $4, $5, now(), now())`,
          [`of-${unitId}`, unitId, crew, new Date(Date.now() + 98 * hourMs), end],
        );
      }
    }
    const filter = { agencyId: "mixed", pageSize: 500 };
    const { units } = await center.units.listUnits(filter);
    const free = await center.units.listUnits({ ...filter, assignableOnly: true });
    expect(units).toHaveLength(48);
    expect(free.units).toEqual(units.filter(({ assignable }) => assignable));
    expect(free.units.length).toBeGreaterThan(4);
    const counted = await center.units.summarizeAvailability({});
    const mixed = counted.agencies.find(({ agencyId }) => agencyId === "mixed");
    expect(mixed?.assignableUnits).toMatchObject([{ type: UnitType.ALS, count: free.units.length }]);
  });

  /** What the service takes for now, in milliseconds: the clock by which it stamps what it writes. */
  async function serviceTime(): Promise<number> {
    const { unit } = await blair.units.getUnit({ unitId: await test.unit("blair") });
    return Number(unit?.createTime?.seconds ?? 0n) * 1000;
  }
});

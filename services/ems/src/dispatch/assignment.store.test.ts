import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { newId } from "#platform/id.ts";
import { startTestEms, type TestEms } from "../ems.builder.ts";

/** Whatever the programs do: these are what the database itself does not let happen. */
describe("the table of assignments", () => {
  let test: TestEms;
  beforeAll(async () => {
    test = await startTestEms();
    await test.agency("blair");
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  interface Row {
    readonly tripId?: string;
    readonly unitId?: string;
    readonly state: "HELD" | "CONFIRMED" | "RELEASED" | "COMPLETED";
  }
  const insert = async ({ tripId = newId(), unitId, state }: Row): Promise<void> => {
    const bidId = newId();
    await test.query(
      `insert into bid (id, trip_id, agency_id, notes, status, source, seen_material_version, submitted_by_user_id,
         submitted_at, updated_at, version) values ($1, $2, 'blair', '', 'REJECTED', 'SUBMITTED', 1, '', now(), now(), 1)`,
      [bidId, newId()],
    );
    await test.query(
      `insert into assignment (attempt_id, trip_id, agency_id, unit_id, unit_type, unit_state, bid_id, state, release_reason,
         trip_version, seen_material_version, requested_by_user_id, check_at, check_count, created_at, updated_at)
       values ($1, $2, 'blair', $3::text, case when $3::text is not null then 'ALS' end,
         case when $3::text is not null then 'CONFIRMED' end, $4, $5, case when $5 = 'RELEASED' then 'CHANGED' end, 1, 1, '',
         case when $5 = 'HELD' then now() + interval '1 day' end, 0, now(), now())`,
      [newId(), tripId, unitId ?? null, bidId, state],
    );
  };

  it.each([
    ["HELD", "HELD"],
    ["HELD", "CONFIRMED"],
    ["CONFIRMED", "CONFIRMED"],
  ] as const)("has no unit on two trips (%s, %s)", async (one, other) => {
    const unitId = await test.unit("blair");
    await insert({ unitId, state: "RELEASED" });
    await insert({ unitId, state: "COMPLETED" });
    await insert({ unitId, state: one });
    await expect(insert({ unitId, state: other })).rejects.toThrow("one_active_trip_per_unit");
  });

  it("has no trip with two winners, though several may try", async () => {
    const tripId = newId();
    await insert({ tripId, state: "HELD" });
    await insert({ tripId, state: "HELD" });
    await insert({ tripId, state: "CONFIRMED" });
    await expect(insert({ tripId, state: "CONFIRMED" })).rejects.toThrow("one_confirmed_assignment_per_trip");
  });
});

import fc from "fast-check";
import type { Json } from "../target/target-tables.ts";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
  aLegacyAvailability,
  aLegacyFacility,
  aLegacyPreference,
  aLegacyRoute,
  aLegacyRouteStop,
  aLegacyServiceArea,
  aLegacyUnit,
  aLegacyUser,
  longAgo,
} from "./directory.builder.ts";
import type { DirectoryEvidence, DirectoryInput } from "./directory.ts";

/** A small old database in which everything that the rules are about happens often. */
export interface Disorder {
  readonly input: DirectoryInput;
  readonly evidence: DirectoryEvidence;
  readonly strict: boolean;
  readonly onTrips: readonly string[];
}

const bad = ["no id", "x".repeat(65)];
const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}00000${index % 2}`);
const users = idsOf("u", 6);
const facilities = idsOf("f", 4);
const agencies = idsOf("a", 5);
const agencyUsers = [...idsOf("au", 4), ...users.slice(0, 1)];
const units = idsOf("un", 5);

const time = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 40 }).map((step) => new Date(longAgo.getTime() + step * 4000)) },
  { weight: 1, arbitrary: fc.constant(new Date(Number.NaN)) },
);
const dates = { createdAt: time, updatedAt: time };
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const email = fc.constantFrom(
  ...["Ann@a.example", "ann@A.example", "ben@b.example", " BEN@b.example", "kim@gmail.com", "x@c.example", "", "root"],
);
const shape: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
  fc.constantFrom<Json[]>(
    ...[
      null,
      "",
      "A, b,A",
      { open: "24/7" },
      { counties: ["Blair"] },
      { lat: 40.5, lng: -78.5 },
      [0, 0],
      { lift: true },
    ],
    ...[{ start: "06:00", end: "18:00" }, { transportLevels: ["BLS"] }, { type: "hospital" }],
    ...facilities.map((facilityId) => ({ type: "hospital", facilityId })),
  ),
);
const number = fc.oneof(fc.double(), fc.constantFrom(0, 1.005, 99_999_999.995, 12.5));

/** Rows with ids of their own, mostly usable ones. */
function rowsWith<Row>(ids: readonly string[], row: (id: string) => fc.Arbitrary<Row>): fc.Arbitrary<readonly Row[]> {
  return fc
    .subarray([...ids, ...bad], { minLength: 1 })
    .chain((chosen) => fc.tuple(...chosen.map(row)))
    .chain((rows) => fc.shuffledSubarray(rows, { minLength: rows.length }));
}

const input: fc.Arbitrary<DirectoryInput> = fc.record({
  users: rowsWith(users, (id) =>
    fc
      .record({
        ...{ email, ...dates, name: fc.constantFrom(null, " ", "Ann"), isActive: fc.boolean() },
        role: fc.constantFrom(
          "ADMIN" as const,
          "COORDINATOR" as const,
          "BILLING_STAFF" as const,
          "TRANSPORT_AGENCY" as const,
        ),
      })
      .map((over) => aLegacyUser({ id, ...over })),
  ),
  agencyUsers: rowsWith(agencyUsers, (id) =>
    fc
      .record({ email, ...dates, agencyId: fc.constantFrom(...agencies, ...bad), lastLogin: maybe(time) })
      .map((over) => aLegacyAgencyUser({ id, ...over })),
  ),
  facilities: rowsWith(facilities, (id) =>
    fc
      .record({
        ...{ email: maybe(email), ...dates, coordinates: shape, operatingHours: shape, capabilities: shape },
        type: fc.constantFrom("HOSPITAL" as const, "NURSING_HOME" as const),
      })
      .map((over) => aLegacyFacility({ id, ...over })),
  ),
  agencies: rowsWith(agencies, (id) =>
    fc
      .record({
        ...{
          email,
          ...dates,
          name: fc.constantFrom("Blair EMS", "Bedford EMS", ""),
          serviceArea: shape,
          isActive: fc.boolean(),
        },
        ...{
          operatingHours: shape,
          capabilities: shape,
          pricingStructure: shape,
          contactName: maybe(fc.constant("Kim")),
        },
        ...{ addedBy: maybe(fc.constantFrom(...users, "u9")), addedAt: maybe(time) },
        status: fc.constantFrom("ACTIVE" as const, "INACTIVE" as const, "PENDING" as const),
      })
      .map((over) => aLegacyAgency({ id, ...over })),
  ),
  units: rowsWith(units, (id) =>
    fc
      .record({
        ...{ ...dates, agencyId: fc.constantFrom(...agencies, ...bad), unitNumber: fc.constantFrom("1", "2", "") },
        ...{ capabilities: shape, currentLocation: shape, shiftStart: maybe(time), isActive: fc.boolean() },
        type: fc.constantFrom("BLS" as const, "OTHER" as const),
        currentStatus: fc.constantFrom("AVAILABLE" as const, "IN_USE" as const, "MAINTENANCE" as const),
      })
      .map((over) => aLegacyUnit({ id, ...over })),
  ),
  serviceAreas: rowsWith(idsOf("s", 3), (id) =>
    fc
      .record({
        agencyId: fc.constantFrom(...agencies),
        name: fc.constantFrom("North", "NORTH", ""),
        isActive: fc.boolean(),
      })
      .map((over) => aLegacyServiceArea({ id, ...over })),
  ),
  preferences: rowsWith(idsOf("pr", 6), (id) =>
    fc
      .record({
        ...{ hospitalId: fc.constantFrom(...users, "u9"), agencyId: fc.constantFrom(...agencies), ...dates },
        ...{ preferenceOrder: fc.integer({ min: 0, max: 2 }), notes: maybe(fc.constant("x")), isActive: fc.boolean() },
      })
      .map((over) => aLegacyPreference({ id, ...over })),
  ),
  unitAvailabilities: rowsWith(idsOf("av", 3), (id) =>
    fc
      .record({
        ...{ unitId: fc.constantFrom(...units, ...bad), shiftStart: maybe(time), lastUpdated: time },
        status: fc.constantFrom("IN_USE" as const, "MAINTENANCE" as const),
      })
      .map((over) => aLegacyAvailability({ id, ...over })),
  ),
  routes: rowsWith(idsOf("r", 3), (id) =>
    fc
      .record({ agencyId: fc.constantFrom(...agencies, ...bad), totalDistanceMiles: number, ...dates })
      .map((over) => aLegacyRoute({ id, ...over })),
  ),
  routeStops: rowsWith(idsOf("st", 4), (id) =>
    fc
      .record({
        routeId: fc.constantFrom(...idsOf("r", 3)),
        facilityId: fc.constantFrom(...facilities),
        stopOrder: fc.nat(3),
      })
      .map((over) => aLegacyRouteStop({ id, ...over })),
  ),
});

const lists = (keys: readonly string[], values: readonly string[]) =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), fc.subarray([...values], { minLength: 1 })), {
    selector: ([key]) => key,
  });

const evidence: fc.Arbitrary<DirectoryEvidence> = fc.record({
  originsByCreator: lists(users, facilities).map(
    (pairs) => new Map(pairs.map(([user, places]) => [user, places.slice(0, 2)])),
  ),
  creatorsByOrigin: lists(facilities, users).map((pairs) => new Map(pairs)),
  busyAgencies: fc.subarray(agencies).map((ids) => new Set(ids)),
});

/** Makes such databases. */
export const disorder: fc.Arbitrary<Disorder> = fc.record({
  input,
  evidence,
  strict: fc.boolean(),
  onTrips: fc.subarray(units),
});

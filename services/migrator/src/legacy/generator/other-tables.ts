import type { LegacyColumn, LegacyTable } from "../legacy-table.ts";
import { legacyEnums } from "../legacy-enums.ts";
import { joinTables, legacyTables } from "../legacy-tables.ts";
import { firstTripDay, lastDay, timestampSql } from "./calendar.ts";
import type { Keys } from "./keys.ts";
import type { RegionSize } from "./region-size.ts";

/** How many rows of a table there are, which one can refer to by their numbers. */
type Counts = Readonly<Record<string, number>>;

/** Rows of a table that nobody's rules look at, made by the server. */
export interface OtherRows {
  readonly table: string;
  readonly count: number;
  /** Inserts the rows numbered from $1 to $2. */
  readonly sql: string;
}

/** Everything that is archived alone, in numbers that go with those of trips. */
export function otherRows(size: RegionSize, keys: Keys): readonly OtherRows[] {
  const others = otherCounts(size);
  const counts: Counts = {
    ...others,
    ...{ User: size.hospitals, Facility: size.facilities, TransportAgency: size.agencies, Unit: size.units },
    ...{ AgencyUser: size.agencyUsers, TransportRequest: size.trips, Route: size.routes },
  };
  return [
    ...legacyTables.flatMap((table) => {
      const count = others[table.name] ?? 0;
      return count === 0 ? [] : [{ table: table.name, count, sql: otherSql(table, { counts, keys }) }];
    }),
    ...joinTables.map(({ name, foreignKeys }) => {
      const [one = "", other = ""] = foreignKeys.map(({ references }) => references);
      const [a, b] = [counts[one] ?? 0, counts[other] ?? 0];
      const sql = `insert into "${name}" ("A", "B")
        select ${keys.sql(one, `i % ${Math.max(a, 1)}`)}, ${keys.sql(other, "i")} from generate_series($1::int8, $2::int8) i`;
      return { table: name, count: a === 0 ? 0 : Math.min(b, name === "_RouteToTransportRequest" ? a * 5 : b), sql };
    }),
  ];
}

function otherCounts({ trips, hospitals, facilities, agencies }: RegionSize): Counts {
  const share = (part: number): number => 3 + Math.ceil(trips / part);
  return {
    ...{ AgencyProfile: agencies, AgencyPerformance: agencies * 6, ProviderForecast: agencies * 4 },
    ...{ DistanceMatrix: facilities * 5, EmergencyDepartment: hospitals, DemandPattern: facilities * 2 },
    ...{ BedStatusUpdate: share(20), CapacityAlert: share(200), MultiPatientTransport: share(200) },
    ...{ PatientTransport: share(70), LongDistanceTransport: share(500), TransportLeg: share(200) },
    ...{ WeatherUpdate: share(100), AirMedicalResource: 6, AirMedicalTransport: share(500), WeatherAlert: share(500) },
    ...{ GroundTransportCoordination: share(700), GPSTracking: share(5), LocationHistory: share(2) },
    ...{ GeofenceEvent: share(10), RouteDeviation: share(50), ETAUpdate: share(10), TrafficCondition: share(300) },
    WeatherImpact: share(300),
  };
}

interface OtherContext {
  readonly counts: Counts;
  readonly keys: Keys;
}

function otherSql(table: LegacyTable, context: OtherContext): string {
  const columns = table.columns.map(({ name }) => `"${name}"`).join(", ");
  const values = table.columns
    .map((column, place) => valueSql(table, column, { ...context, place }))
    .join(",\n           ");
  return `insert into "${table.name}" (${columns})
    select ${values}
      from generate_series($1::int8, $2::int8) i`;
}

interface ColumnContext extends OtherContext {
  /** Tells the columns' dice apart. */
  readonly place: number;
}

function valueSql(table: LegacyTable, column: LegacyColumn, context: ColumnContext): string {
  const value = plainValueSql(table, column, context);
  const isFilled = !column.nullable || table.primaryKey.includes(column.name);
  return isFilled ? value : `case when ${context.keys.diceSql("i", context.place + 500)} < 0.7 then ${value} end`;
}

function plainValueSql(table: LegacyTable, { name, type }: LegacyColumn, context: ColumnContext): string {
  const { keys, place } = context;
  const own = ownValues[`${table.name}.${name}`]?.(context);
  if (own !== undefined) return own;
  if (name === "id") return keys.sql(table.name, "i");
  const reference = table.foreignKeys.find(({ column }) => column === name)?.references ?? looseReferences[name];
  if (reference !== undefined) return referenceSql(reference, context);
  const labels = Object.entries(legacyEnums).find(([enumName]) => enumName === type)?.[1];
  if (labels) {
    const list = labels.map((label) => `'${label}'`).join(", ");
    return `(array[${list}])[1 + ${keys.wholeSql("i", place, labels.length)}]::"${type}"`;
  }
  return ofType[type]?.(name, context) ?? `'${name} ' || i`;
}

/** Columns that name a row without a foreign key. */
const looseReferences: Readonly<Record<string, string>> = {
  updatedBy: "User",
  acknowledgedBy: "User",
  resolvedBy: "User",
  destinationId: "Facility",
};

function referenceSql(table: string, { counts, keys, place }: ColumnContext): string {
  const count = counts[table] ?? 0;
  return count === 0 ? "null" : keys.sql(table, keys.wholeSql("i", place, count));
}

const ofType: Readonly<Record<string, (name: string, context: ColumnContext) => string>> = {
  bool: (_, { keys, place }) => `${keys.diceSql("i", place)} < 0.8`,
  int4: (_, { keys, place }) => `${keys.wholeSql("i", place, 24)}::int4`,
  float8: (name, { keys, place }) => {
    const dice = keys.diceSql("i", place);
    if (/latitude/i.test(name)) return `40 + ${dice}`;
    return /longitude/i.test(name) ? `-78 - ${dice}` : `round((${dice} * 100)::numeric, 3)::float8`;
  },
  jsonb: (name, { keys, place }) =>
    `jsonb_build_object('${name}', ${keys.diceSql("i", place)}, 'list', jsonb_build_array(i, null, 'x'))`,
  timestamp: (_, { keys, place }) =>
    `${timestampSql(firstTripDay)} + (${timestampSql(lastDay)} - ${timestampSql(firstTripDay)}) * ${keys.diceSql("i", 400)}
             + interval '${place} minutes'`,
};

/** What the kind of a column does not tell. */
const ownValues: Readonly<Record<string, (context: ColumnContext) => string>> = {
  "AgencyProfile.agencyId": ({ keys }) => keys.sql("TransportAgency", "i"),
  "EmergencyDepartment.facilityId": ({ keys }) => keys.sql("Facility", "i"),
  "DistanceMatrix.fromFacilityId": ({ keys, counts }) => keys.sql("Facility", `i % ${counts["Facility"] ?? 1}`),
  "DistanceMatrix.toFacilityId": ({ keys, counts }) =>
    keys.sql("Facility", `(i + 1 + i / ${counts["Facility"] ?? 1}) % ${counts["Facility"] ?? 1}`),
  "PatientTransport.patientId": () => "'P' || upper(left(md5('patient' || i), 8))",
  "TransportLeg.patientId": () => "'P' || upper(left(md5('patient' || i), 8))",
};

import { firstTripDay, lastDay, openHours, timestampSql } from "./calendar.ts";
import type { Keys } from "./keys.ts";
import { bidsPerTrip, type RegionSize, unitsPerAgency, usersPerAgency } from "./region-size.ts";

/** Rows of one table that the server makes from the numbers of trips. */
export interface TripRows {
  readonly table: "TransportRequest" | "TransportBid" | "UnitAssignment" | "TransportQueue";
  /** Inserts those of the trips numbered from $1 to $2. */
  readonly sql: string;
}

/**
 * Everything that plain trips are made of follows from their number, so that each table's rows are made without reading
 * another's. In the order of numbers: those that are over, those that wait, those that are underway; the latter take every
 * other unit, but every fourth has none yet.
 */
export function plainTripRows(size: RegionSize, keys: Keys): readonly TripRows[] {
  const trips = plainTripsSql(size, keys);
  return [
    { table: "TransportRequest", sql: tripSql(trips, keys) },
    { table: "TransportBid", sql: bidSql(trips, size, keys) },
    { table: "UnitAssignment", sql: unitAssignmentSql(trips, keys) },
    { table: "TransportQueue", sql: queueSql(trips, keys) },
  ];
}

/** One line for each trip: indexes of what it refers to, its status and its times. */
function plainTripsSql({ trips, hospitals, facilities, agencies, underway, waiting }: RegionSize, keys: Keys): string {
  const [firstUnderway, closed] = [trips - underway, trips - underway - waiting];
  const minutes = (salt: number, least: number, span: number): string =>
    `interval '1 minute' * (${least} + ${keys.wholeSql("i", salt, span)})`;
  return `
    select *, coalesce(accepted, requested) + ${minutes(11, 10, 80)} as picked, ${minutes(12, 20, 160)} as ride
      from (
        select *, i % ${hospitals} as hospital, i / ${hospitals} % 3 as place,
               case when status = 'PENDING' then null else requested + ${minutes(10, 5, 55)} end as accepted
          from (
            select i, i - ${firstUnderway} as ride_number,
                   case when i < ${closed} then case when ${keys.diceSql("i", 1)} < 0.88 then 'COMPLETED' else 'CANCELLED' end
                        when i < ${firstUnderway} then 'PENDING'
                        when (i - ${firstUnderway}) % 2 = 0 then 'IN_TRANSIT' else 'SCHEDULED' end as status,
                   case when i < ${firstUnderway} then ${keys.wholeSql("i", 2, agencies)}
                        else (i - ${firstUnderway}) * 2 / ${unitsPerAgency} end as agency,
                   case when i < ${closed} then ${keys.wholeSql("i", 3, unitsPerAgency)}
                        else (i - ${firstUnderway}) * 2 % ${unitsPerAgency} end as unit_of_agency,
                   case when i < ${closed}
                        then ${timestampSql(firstTripDay)} + (${timestampSql(lastDay)} - ${timestampSql(firstTripDay)}
                             - interval '${openHours} hours') * (i / ${Math.max(closed, 1)}.0::float8)
                        else ${timestampSql(lastDay)} - interval '${openHours} hours'
                             * ((${trips} - i) / ${Math.max(trips - closed, 1)}.0::float8) end as requested
              from generate_series($1::int8, $2::int8) i) numbered) timed
     cross join lateral (select place = 0 and ${keys.diceSql("i", 4)} < 0.3 as is_return) direction
     cross join lateral (
       select case when is_return then ${hospitals} + hospital + ${hospitals} * ${keys.wholeSql("i", 5, 2)} else hospital end as origin,
              case when is_return then hospital
                   else (hospital + 1 + ${keys.wholeSql("i", 6, facilities - 1)}) % ${facilities} end as destination) way
     cross join lateral (
       select place * ${hospitals} + hospital as creator,
              case when status = 'PENDING' or (status = 'SCHEDULED' and ride_number % 4 = 3) then null
                   else agency * ${unitsPerAgency} + unit_of_agency end as unit,
              greatest(${keys.wholeSql("i", 7, bidsPerTrip + 1)},
                       case when status in ('SCHEDULED', 'IN_TRANSIT') then 1 else 0 end) as bids) fleet`;
}

const choose = (keys: Keys, index: string, salt: number, labels: readonly string[], type: string): string =>
  `(array[${labels.map((label) => `'${label}'`).join(", ")}])[1 + ${keys.wholeSql(index, salt, labels.length)}]::"${type}"`;

function tripSql(trips: string, keys: Keys): string {
  return `
    insert into "TransportRequest" (id, "patientId", "originFacilityId", "destinationFacilityId", "transportLevel", priority,
      status, "specialRequirements", "requestTimestamp", "acceptedTimestamp", "pickupTimestamp", "completionTimestamp",
      "assignedAgencyId", "assignedUnitId", "createdById", "createdAt", "updatedAt", "routeOptimizationScore",
      "chainingOpportunities", "timeFlexibility", "revenuePotential", "estimatedArrivalTime", "estimatedPickupTime",
      "etaUpdates", "cancellationReason")
    select ${keys.sql("TransportRequest", "i")}, 'P' || upper(left(md5('patient' || i / 3), 8)),
           ${keys.sql("Facility", "origin")}, ${keys.sql("Facility", "destination")},
           ${choose(keys, "i", 20, ["BLS", "BLS", "ALS", "CCT"], "TransportLevel")},
           ${choose(keys, "i", 21, ["LOW", "MEDIUM", "MEDIUM", "HIGH", "URGENT"], "Priority")}, status::"RequestStatus",
           case when i % 4 = 0 then 'Wheelchair, oxygen ' || i % 6 || ' l/min' end, requested, accepted,
           case when status in ('IN_TRANSIT', 'COMPLETED') then picked end,
           case when status = 'COMPLETED' then picked + ride end,
           case when status <> 'PENDING' then ${keys.sql("TransportAgency", "agency")} end,
           case when unit is not null then ${keys.sql("Unit", "unit")} end,
           ${keys.sql("User", "creator")}, requested, coalesce(accepted, requested) + ride,
           case when i % 5 = 0 then (i % 100) / 100.0 end,
           case when i % 50 = 0 then jsonb_build_array(jsonb_build_object('tripId', ${keys.sql("TransportRequest", "i / 2")})) end,
           case when i % 5 = 0 then 30 end, case when i % 5 = 1 then 250.5 end,
           case when status = 'IN_TRANSIT' then picked + ride end, case when accepted is not null then picked end,
           case when i % 10 = 0 then jsonb_build_array(jsonb_build_object('at', requested, 'minutes', i % 60)) end,
           case when status = 'CANCELLED' then 'Patient not ready' end
      from (${trips}) trip order by i`;
}

function bidSql(trips: string, { agencies }: RegionSize, keys: Keys): string {
  const number = `i * ${bidsPerTrip} + n`;
  const won = "status <> 'PENDING' and n = 0";
  return `
    insert into "TransportBid" (id, "transportRequestId", "agencyId", "agencyUserId", "bidAmount", "estimatedArrival",
      "unitType", "specialCapabilities", notes, status, "submittedAt", "reviewedAt", "reviewedBy", "reviewNotes", "createdAt",
      "updatedAt")
    select ${keys.sql("TransportBid", number)}, ${keys.sql("TransportRequest", "i")}, ${keys.sql("TransportAgency", "bidder")},
           ${keys.sql("AgencyUser", `bidder * ${usersPerAgency} + ${keys.wholeSql(number, 30, usersPerAgency)}`)},
           case when n < 3 then round((200 + 800 * ${keys.diceSql(number, 31)})::numeric, (2 + n % 2)::int)::float8 end,
           requested + interval '25 minutes', 'ALS', case when n = 1 then '["Oxygen"]'::jsonb end,
           case when n = 2 then 'Crew of two' end,
           (case when ${won} then 'ACCEPTED' when status <> 'PENDING' then 'REJECTED' when n = 3 then 'EXPIRED'
                 else 'PENDING' end)::"BidStatus",
           requested + interval '1 minute' * (1 + n), accepted,
           case when accepted is not null then ${keys.sql("User", "creator")} end,
           case when status = 'PENDING' and n = 3 then 'Bid withdrawn by agency' end,
           requested + interval '1 minute' * (1 + n), coalesce(accepted, requested + interval '4 minutes')
      from (${trips}) trip cross join lateral generate_series(0, bids - 1) n
     cross join lateral (select (agency + n) % ${agencies} as bidder) who order by i, n`;
}

function unitAssignmentSql(trips: string, keys: Keys): string {
  return `
    insert into "UnitAssignment" (id, "unitId", "unitAvailabilityId", "transportRequestId", "assignmentType", "startTime",
      "endTime", status, notes, "assignedBy", "createdAt", "updatedAt")
    select ${keys.sql("UnitAssignment", "i")}, ${keys.sql("Unit", "unit")}, ${keys.sql("UnitAvailability", "unit")},
           ${keys.sql("TransportRequest", "i")}, 'PRIMARY', accepted, case when status = 'COMPLETED' then picked + ride end,
           (case status when 'COMPLETED' then 'COMPLETED' when 'CANCELLED' then 'CANCELLED' else 'ACTIVE' end)::"AssignmentStatus",
           null, ${keys.sql("AgencyUser", `agency * ${usersPerAgency}`)}, accepted, accepted
      from (${trips}) trip where unit is not null and i % 2 = 0 order by i`;
}

function queueSql(trips: string, keys: Keys): string {
  return `
    insert into "TransportQueue" (id, "emergencyDepartmentId", "transportRequestId", "queuePosition", priority, "waitTime",
      "estimatedWaitTime", status, "assignedProviderId", "assignedUnitId", "queueTimestamp", "assignedTimestamp", "createdAt",
      "updatedAt")
    select ${keys.sql("TransportQueue", "i")}, ${keys.sql("EmergencyDepartment", "hospital")},
           ${keys.sql("TransportRequest", "i")}, 1 + i % 9, 'MEDIUM', i % 60, 30,
           (case status when 'PENDING' then 'WAITING' when 'SCHEDULED' then 'ASSIGNED' when 'IN_TRANSIT' then 'IN_PROGRESS'
                 else status end)::"QueueStatus",
           case when status <> 'PENDING' then ${keys.sql("TransportAgency", "agency")} end,
           case when unit is not null then ${keys.sql("Unit", "unit")} end, requested, accepted, requested, requested
      from (${trips}) trip where i % 10 = 3 order by i`;
}

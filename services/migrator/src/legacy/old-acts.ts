import { legacyEnums } from "./legacy-enums.ts";
import { emailOf, personName, phoneOf, townName } from "./generator/names.ts";
import { passwordHash } from "./generator/passwords.ts";
import type { OldOffice, OpenTrip } from "./old-office.ts";

/** A statement of the old application; its result is not looked at. */
export type Statement = readonly [sql: string, values?: readonly unknown[]];

/** Something that somebody does: the statements of one transaction, none if there is nothing to do. */
export type Act = (office: OldOffice) => readonly Statement[];

/** Now, as the old database has it: without zone, in UTC. */
const now = "timezone('UTC', clock_timestamp())";

/** What people do, the frequent things more than once. */
export const acts: Readonly<
  Record<string, { readonly weight: number; readonly act: Act; readonly isAboutPeople?: true }>
> = {
  askForTrip: { weight: 6, act: askForTrip },
  bid: { weight: 8, act: bid },
  accept: { weight: 4, act: accept },
  assignUnit: { weight: 4, act: assignUnit },
  start: { weight: 4, act: start },
  complete: { weight: 4, act: complete },
  cancel: { weight: 1, act: cancel },
  withdraw: { weight: 1, act: withdraw },
  changeTrip: { weight: 1, act: changeTrip },
  changeUser: { weight: 1, act: changeUser, isAboutPeople: true },
  changeAgency: { weight: 1, act: changeAgency, isAboutPeople: true },
  changeUnit: { weight: 2, act: changeUnit },
  track: { weight: 4, act: track },
  addUnit: { weight: 1, act: addUnit },
  addAgencyUser: { weight: 1, act: addAgencyUser, isAboutPeople: true },
  registerHospital: { weight: 1, act: registerHospital, isAboutPeople: true },
  prefer: { weight: 1, act: prefer, isAboutPeople: true },
};

function askForTrip({ dice, newId, requesters, facilities, trips }: OldOffice): readonly Statement[] {
  const { userId, facilityId } = dice.pick(requesters);
  const destinations = facilities.filter((id) => id !== facilityId);
  const id = newId("TransportRequest");
  trips.push({ id, status: "PENDING", agencyId: null, unitId: null, bids: new Map() });
  const patientId = `P${dice
    .whole(2 ** 32)
    .toString(16)
    .padStart(8, "0")
    .toUpperCase()}`;
  const [level, priority] = [dice.pick(["BLS", "ALS", "CCT"]), dice.pick(legacyEnums.Priority)];
  return [
    [
      `insert into "TransportRequest" (id, "patientId", "originFacilityId", "destinationFacilityId", "transportLevel",
         priority, "createdById", "requestTimestamp", "createdAt", "updatedAt")
       values ($1, $2, $3, $4, $5, $6, $7, ${now}, ${now}, ${now})`,
      [id, patientId, facilityId, dice.pick(destinations), level, priority, userId],
    ],
  ];
}

function bid(office: OldOffice): readonly Statement[] {
  const { dice, newId, agencies } = office;
  const trip = someTrip(office, ({ status }) => status === "PENDING");
  const agency = dice.pick(agencies);
  if (!trip || [...trip.bids.values()].includes(agency.id)) return [];
  const id = newId("TransportBid");
  trip.bids.set(id, agency.id);
  return [
    [
      `insert into "TransportBid" (id, "transportRequestId", "agencyId", "agencyUserId", "bidAmount", "unitType",
         "submittedAt", "createdAt", "updatedAt")
       values ($1, $2, $3, $4, $5, 'ALS', ${now}, ${now}, ${now})`,
      [id, trip.id, agency.id, agency.agencyUserId, 200 + dice.whole(80_000) / 100],
    ],
  ];
}

function accept(office: OldOffice): readonly Statement[] {
  const { dice, requesters } = office;
  const trip = someTrip(office, ({ status, bids }) => status === "PENDING" && bids.size > 0);
  if (!trip) return [];
  const [bidId, agencyId] = dice.pick([...trip.bids]);
  const others = [...trip.bids.keys()].filter((id) => id !== bidId);
  trip.status = "SCHEDULED";
  trip.agencyId = agencyId;
  trip.bids.clear();
  const review = `"reviewedAt" = ${now}, "reviewedBy" = $2, "updatedAt" = ${now}`;
  const reviewer = dice.pick(requesters).userId;
  return [
    [`update "TransportBid" set status = 'ACCEPTED', ${review} where id = $1`, [bidId, reviewer]],
    [`update "TransportBid" set status = 'REJECTED', ${review} where id = any($1)`, [others, reviewer]],
    [
      `update "TransportRequest" set status = 'SCHEDULED', "assignedAgencyId" = $2, "acceptedTimestamp" = ${now},
              "updatedAt" = ${now} where id = $1`,
      [trip.id, agencyId],
    ],
  ];
}

function assignUnit(office: OldOffice): readonly Statement[] {
  const { newId, agencies } = office;
  const trip = someTrip(office, ({ status, unitId }) => status === "SCHEDULED" && unitId === null);
  const agency = agencies.find(({ id }) => id === trip?.agencyId);
  const unitId = agency?.freeUnits.pop();
  if (!trip || !agency || unitId === undefined) return [];
  trip.unitId = unitId;
  const ids = [newId("UnitAvailability"), newId("UnitAssignment")];
  return [
    [`update "TransportRequest" set "assignedUnitId" = $2, "updatedAt" = ${now} where id = $1`, [trip.id, unitId]],
    unitStatus(unitId, "IN_USE"),
    [
      `insert into "UnitAvailability" (id, "unitId", status, "shiftStart", "lastUpdated", "createdAt", "updatedAt")
       values ($1, $2, 'IN_USE', ${now}, ${now}, ${now}, ${now})`,
      [ids[0], unitId],
    ],
    [
      `insert into "UnitAssignment" (id, "unitAvailabilityId", "unitId", "transportRequestId", "assignmentType",
         "startTime", "assignedBy", "createdAt", "updatedAt")
       values ($2, $1, $3, $4, 'PRIMARY', ${now}, $5, ${now}, ${now})`,
      [...ids, unitId, trip.id, agency.agencyUserId],
    ],
  ];
}

function start(office: OldOffice): readonly Statement[] {
  const trip = someTrip(office, ({ status, unitId }) => status === "SCHEDULED" && unitId !== null);
  if (!trip) return [];
  trip.status = "IN_TRANSIT";
  return [tripStatement(trip, `status = 'IN_TRANSIT', "pickupTimestamp" = ${now}, "estimatedArrivalTime" = ${now}`)];
}

function complete(office: OldOffice): readonly Statement[] {
  const trip = someTrip(office, ({ status }) => status === "IN_TRANSIT");
  if (!trip) return [];
  return [tripStatement(trip, `status = 'COMPLETED', "completionTimestamp" = ${now}`), ...close(office, trip)];
}

function cancel(office: OldOffice): readonly Statement[] {
  const trip = someTrip(office, () => true);
  if (!trip) return [];
  return [
    tripStatement(trip, `status = 'CANCELLED', "cancellationReason" = 'No longer needed'`),
    [
      `update "TransportBid" set status = 'EXPIRED', "updatedAt" = ${now}
        where "transportRequestId" = $1 and status = 'PENDING'`,
      [trip.id],
    ],
    ...close(office, trip),
  ];
}

/** The trip is over, and its unit free. */
function close({ trips, agencies }: OldOffice, trip: OpenTrip): readonly Statement[] {
  trips.splice(trips.indexOf(trip), 1);
  if (trip.unitId === null) return [];
  agencies.find(({ id }) => id === trip.agencyId)?.freeUnits.unshift(trip.unitId);
  return [
    unitStatus(trip.unitId, "AVAILABLE"),
    [
      `update "UnitAssignment" set status = 'COMPLETED', "endTime" = ${now}, "updatedAt" = ${now}
        where "transportRequestId" = $1 and status = 'ACTIVE'`,
      [trip.id],
    ],
  ];
}

/** The old application had no other way: a bid that was withdrawn looks as if it had run out, but for a note. */
function withdraw(office: OldOffice): readonly Statement[] {
  const trip = someTrip(office, ({ status, bids }) => status === "PENDING" && bids.size > 0);
  const [id] = trip?.bids.keys() ?? [];
  if (!trip || id === undefined) return [];
  trip.bids.delete(id);
  return [
    [
      `update "TransportBid" set status = 'EXPIRED', "reviewNotes" = 'Bid withdrawn by agency', "updatedAt" = ${now}
        where id = $1`,
      [id],
    ],
  ];
}

function changeTrip(office: OldOffice): readonly Statement[] {
  const trip = someTrip(office, ({ status }) => status === "PENDING");
  const requirements = `Oxygen, ${office.dice.whole(15)} l/min`;
  return trip ? [tripStatement(trip, `"specialRequirements" = $2, priority = 'URGENT'`, [requirements])] : [];
}

function changeUser({ dice, requesters }: OldOffice): readonly Statement[] {
  const { userId } = dice.pick(requesters);
  return [[`update "User" set name = $2, "updatedAt" = ${now} where id = $1`, [userId, personName(dice.whole(300))]]];
}

function changeAgency({ dice, agencies }: OldOffice): readonly Statement[] {
  const values = [dice.pick(agencies).id, phoneOf(dice.whole(100)), JSON.stringify(["BLS", `Crew ${dice.whole(9)}`])];
  return [[`update "TransportAgency" set phone = $2, capabilities = $3, "updatedAt" = ${now} where id = $1`, values]];
}

function changeUnit({ dice, agencies }: OldOffice): readonly Statement[] {
  const { freeUnits } = dice.pick(agencies);
  if (freeUnits.length === 0) return [];
  const at = JSON.stringify({ lat: 40 + dice.whole(1_000) / 1_000, lng: -78 - dice.whole(1_000) / 1_000 });
  return [
    [
      `update "Unit" set "currentLocation" = $2, "currentStatus" = $3, "updatedAt" = ${now} where id = $1`,
      [dice.pick(freeUnits), at, dice.pick(["AVAILABLE", "AVAILABLE", "MAINTENANCE"])],
    ],
  ];
}

function track({ dice, newId, agencies }: OldOffice): readonly Statement[] {
  const { freeUnits } = dice.pick(agencies);
  if (freeUnits.length === 0) return [];
  const [gps, history] = [newId("GPSTracking"), newId("LocationHistory")];
  const at = [40 + dice.whole(1_000) / 1_000, -78 - dice.whole(1_000) / 1_000];
  return [
    [
      `insert into "GPSTracking" (id, "unitId", latitude, longitude, timestamp) values ($1, $2, $3, $4, ${now})`,
      [gps, dice.pick(freeUnits), ...at],
    ],
    [
      `insert into "LocationHistory" (id, "gpsTrackingId", latitude, longitude, timestamp)
       values ($1, $2, $3, $4, ${now})`,
      [history, gps, ...at],
    ],
  ];
}

function addUnit({ dice, newId, agencies }: OldOffice): readonly Statement[] {
  const { id: agencyId, freeUnits } = dice.pick(agencies);
  const id = newId("Unit");
  freeUnits.push(id);
  return [
    [
      `insert into "Unit" (id, "agencyId", "unitNumber", type, "createdAt", "updatedAt")
       values ($1, $2, $3, 'ALS', ${now}, ${now})`,
      [id, agencyId, `N-${id.slice(-6)}`],
    ],
  ];
}

function addAgencyUser({ dice, newId, agencies }: OldOffice): readonly Statement[] {
  const [id, index] = [newId("AgencyUser"), dice.whole(300)];
  const email = `${id}@${emailOf(index, "new-crew.example").split("@")[1] ?? ""}`;
  return [
    [
      `insert into "AgencyUser" (id, "agencyId", email, password, name, "createdAt", "updatedAt")
       values ($1, $2, $3, $4, $5, ${now}, ${now})`,
      [id, dice.pick(agencies).id, email, passwordHash(index), personName(index)],
    ],
  ];
}

/** As the old form did it: a facility, an account, and an agency that is none. */
function registerHospital({ dice, newId }: OldOffice): readonly Statement[] {
  const [facility, user, agency, index] = [newId("Facility"), newId("User"), newId("TransportAgency"), dice.whole(144)];
  const [name, email] = [`${townName(index)} New Hospital`, `${user}@new-hospital.example`];
  const address = ["1 Main Street", townName(index), "PA", "16601"];
  const area = JSON.stringify({ type: "hospital", facilityId: facility });
  return [
    [
      `insert into "Facility" (id, name, type, email, address, city, state, "zipCode", "createdAt", "updatedAt")
       values ($1, $2, 'HOSPITAL', $3, $4, $5, $6, $7, ${now}, ${now})`,
      [facility, name, email, ...address],
    ],
    [
      `insert into "User" (id, name, role, email, password, "createdAt", "updatedAt")
       values ($1, $2, 'COORDINATOR', $3, $4, ${now}, ${now})`,
      [user, personName(index), email, passwordHash(index)],
    ],
    [
      `insert into "TransportAgency" (id, name, email, address, city, state, "zipCode", phone, "serviceArea", "createdAt", "updatedAt")
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, ${now}, ${now})`,
      [agency, name, email, ...address, phoneOf(index), area],
    ],
  ];
}

function prefer({ dice, newId, agencies, requesters }: OldOffice): readonly Statement[] {
  return [
    [
      `insert into "HospitalAgencyPreference" (id, "hospitalId", "agencyId", "preferenceOrder", "createdAt", "updatedAt")
       values ($1, $2, $3, $4, ${now}, ${now})
       on conflict ("hospitalId", "agencyId") do update
         set "preferenceOrder" = excluded."preferenceOrder", "updatedAt" = ${now}`,
      [newId("HospitalAgencyPreference"), dice.pick(requesters).userId, dice.pick(agencies).id, dice.whole(9)],
    ],
  ];
}

function tripStatement({ id }: OpenTrip, changes: string, values: readonly unknown[] = []): Statement {
  return [`update "TransportRequest" set ${changes}, "updatedAt" = ${now} where id = $1`, [id, ...values]];
}

function unitStatus(unitId: string, status: "IN_USE" | "AVAILABLE"): Statement {
  return [`update "Unit" set "currentStatus" = $2, "updatedAt" = ${now} where id = $1`, [unitId, status]];
}

function someTrip({ dice, trips }: OldOffice, isFit: (trip: OpenTrip) => boolean): OpenTrip | undefined {
  const fit = trips.filter(isFit);
  return fit.length === 0 ? undefined : dice.pick(fit);
}

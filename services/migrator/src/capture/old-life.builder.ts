import type { ClientBase } from "pg";

/** A number generator that gives the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const hash = `$2b$10$${"a".repeat(53)}`;
const [facilities, agencies, users] = [6, 4, 8];

type Acts = readonly (() => Promise<unknown>)[];

/**
 * People who work with the old database, as far as a move's changes are concerned: they do everything that makes rows of
 * one table decide about those of another. A class because it remembers its dice and what it has made.
 */
export class OldLife {
  readonly #client: ClientBase;
  readonly #random: () => number;
  readonly #directoryShare: number;
  #made = 0;

  /** @param directoryShare how much of it is about people and organizations, each of which may concern all trips. */
  constructor(client: ClientBase, seed: number, directoryShare = 0.35) {
    this.#client = client;
    this.#directoryShare = directoryShare;
    this.#random = seeded(seed);
  }

  /** People, organizations, and some trips. */
  async begin(trips: number): Promise<void> {
    for (let index = 0; index < facilities; index++) {
      const type = index < 3 ? "HOSPITAL" : "NURSING_HOME";
      await this.#insert("Facility", {
        ...place,
        id: `f${index}`,
        name: `Place ${index}`,
        type,
        email: `desk@f${index}.org`,
      });
    }
    for (let index = 0; index < users; index++) await this.#user(`u${index}`, index);
    for (let index = 0; index < agencies; index++) {
      const email = `office@a${index}.org`;
      await this.#insert("TransportAgency", {
        ...place,
        id: `a${index}`,
        name: `Agency ${index}`,
        email,
        phone: "1",
        status: "ACTIVE",
      });
      await this.#insert("AgencyUser", {
        id: `au${index}`,
        agencyId: `a${index}`,
        email: `au${index}@a${index}.org`,
        password: hash,
        name: "Ben",
        role: "ADMIN",
        isActive: true,
      });
      for (const number of [0, 1, 2]) await this.#unit(`x${index}-${number}`, `a${index}`);
    }
    await this.#insert("EmergencyDepartment", {
      id: "ed",
      facilityId: "f0",
      name: "ED",
      totalBeds: 1,
      availableBeds: 1,
      occupiedBeds: 0,
      hallwayBeds: 0,
      criticalBeds: 0,
      capacityThreshold: 80,
      currentCensus: 0,
      transportQueueLength: 0,
      averageWaitTime: 0,
      isActive: true,
    });
    await this.#insert("AirMedicalResource", {
      id: "helicopter",
      resourceType: "HELICOPTER",
      identifier: "H1",
      baseLocation: "AOO",
      serviceArea: {},
      capabilities: [],
      crewSize: 3,
      maxRange: 100,
      maxPayload: 1,
      weatherMinimums: {},
      operatingHours: {},
      contactInfo: {},
      isActive: true,
    });
    for (let index = 0; index < trips; index++) await this.newTrip();
    for (let index = 0; index < trips * 3; index++) await this.act();
  }

  /** One thing that somebody does. */
  async act(): Promise<void> {
    await this.#pick(this.#random() < this.#directoryShare ? this.#actsOnDirectory() : this.#actsOnTrips())();
  }

  #actsOnTrips(): Acts {
    return [
      () => this.newTrip(),
      () => this.newTrip(),
      () => this.#bid(),
      () => this.#bid(),
      () =>
        this.#sql(
          `update "TransportBid" set status = 'ACCEPTED', "reviewedAt" = now() where id = (${this.#some("TransportBid")})`,
        ),
      () =>
        this.#sql(
          `update "TransportBid" set "bidAmount" = random() * 1000, notes = 'changed' where id = (${this.#some("TransportBid")})`,
        ),
      () =>
        this.#sql(
          `update "TransportBid" set "transportRequestId" = (${this.#some("TransportRequest")}) where id = (${this.#some("TransportBid")})`,
        ),
      () => this.#sql(`delete from "TransportBid" where id = (${this.#some("TransportBid")})`),
      () => this.#status(),
      () => this.#status(),
      () => this.#status(),
      () => this.#status(),
      () =>
        this.#sql(
          `update "TransportRequest" set "assignedUnitId" = (${this.#some("Unit")}) where id = (${this.#some("TransportRequest", "status in ('SCHEDULED', 'IN_TRANSIT')")})`,
        ),
      () =>
        this.#sql(
          `update "TransportRequest" set "destinationFacilityId" = $1 where id = (${this.#some("TransportRequest")})`,
          [this.#one("f", facilities)],
        ),
      () => this.#unitAssignment(),
      () => this.#queue(),
      () => this.#sql(`delete from "TransportQueue" where id = (${this.#some("TransportQueue")})`),
      () => this.#deleteTrip(),
      () => this.#insert("TrafficCondition", this.#traffic()),
      () => this.#weatherAlert(),
      () => this.#sql(`delete from "WeatherAlert" where id = (${this.#some("WeatherAlert")})`),
    ];
  }

  #actsOnDirectory(): Acts {
    return [
      () =>
        this.#sql(
          `update "Facility" set type = case type when 'HOSPITAL' then 'REHAB_FACILITY'::"FacilityType" else 'HOSPITAL' end where id = $1`,
          [this.#one("f", facilities)],
        ),
      () =>
        this.#sql(
          `update "Facility" set name = name || '.', coordinates = '{"lat": 40.5, "lng": -78.4}' where id = $1`,
          [this.#one("f", facilities)],
        ),
      () =>
        this.#sql(`update "User" set email = $1 where id = $2`, [
          `desk${++this.#made}@f${this.#whole(facilities)}.org`,
          this.#one("u", users),
        ]),
      () =>
        this.#sql(`update "User" set role = $1 where id = $2`, [
          this.#pick(["ADMIN", "COORDINATOR", "TRANSPORT_AGENCY"]),
          this.#one("u", users),
        ]),
      () =>
        this.#sql(`update "TransportAgency" set "addedBy" = $1 where id = $2`, [
          this.#one("u", users),
          this.#one("a", agencies),
        ]),
      () =>
        this.#sql(`update "Unit" set type = $1, "currentStatus" = $2 where id = (${this.#some("Unit")})`, [
          this.#pick(["ALS", "BLS", "OTHER"]),
          this.#pick(["AVAILABLE", "IN_USE", "MAINTENANCE"]),
        ]),
      () =>
        this.#sql(`update "Unit" set "agencyId" = $1 where id = (${this.#some("Unit")})`, [this.#one("a", agencies)]),
      () => this.#preference(),
      () => this.#swap("User", "email"),
      () => this.#swap("Unit", "unitNumber"),
      () => this.#sql(`delete from "HospitalAgencyPreference" where id = (${this.#some("HospitalAgencyPreference")})`),
    ];
  }

  async newTrip(): Promise<void> {
    const [origin, other] = [this.#whole(facilities), this.#whole(facilities - 1)];
    await this.#insert("TransportRequest", {
      ...{ id: this.#id("t"), patientId: "P0123ABCD", originFacilityId: `f${origin}` },
      ...{ destinationFacilityId: `f${(origin + 1 + other) % facilities}`, transportLevel: "ALS", priority: "HIGH" },
      ...{ status: "PENDING", requestTimestamp: "2026-01-05T10:00:00", createdById: this.#one("u", users) },
    });
  }

  async #user(id: string, index: number): Promise<void> {
    const email = index < 3 ? `desk@f${index}.org` : `${id}@example.org`;
    const role = index === users - 1 ? "TRANSPORT_AGENCY" : "COORDINATOR";
    await this.#insert("User", { id, email, password: hash, name: "Ann", role, isActive: true });
  }

  async #unit(id: string, agencyId: string): Promise<void> {
    await this.#insert("Unit", {
      id,
      agencyId,
      unitNumber: id,
      type: "ALS",
      currentStatus: "AVAILABLE",
      isActive: true,
    });
    await this.#insert("UnitAvailability", {
      id: `v${id}`,
      unitId: id,
      status: "AVAILABLE",
      lastUpdated: "2026-01-05T10:00:00",
    });
  }

  async #bid(): Promise<void> {
    const agency = this.#whole(agencies);
    const bid = {
      id: this.#id("b"),
      agencyId: `a${agency}`,
      agencyUserId: `au${agency}`,
      bidAmount: 12.345,
      unitType: "ALS",
    };
    await this.#insert(
      "TransportBid",
      { ...bid, status: "PENDING", submittedAt: "2026-01-05T10:05:00", transportRequestId: null },
      this.#some("TransportRequest"),
    );
  }

  async #status(): Promise<void> {
    const status = this.#pick(["SCHEDULED", "SCHEDULED", "IN_TRANSIT", "COMPLETED", "CANCELLED", "PENDING"]);
    const agency = this.#pick([...Array.from({ length: agencies }, (_, index) => `a${index}`), null]);
    const unit = this.#pick([0, 1, 2, null]);
    await this.#sql(
      `update "TransportRequest" set status = $1, "assignedAgencyId" = $2,
              "assignedUnitId" = (select id from "Unit" where id = $3), "acceptedTimestamp" = '2026-01-05T10:10:00'
        where id = (${this.#some("TransportRequest")})`,
      [status, agency, agency === null || unit === null ? null : `x${agency.slice(1)}-${unit}`],
    );
  }

  async #unitAssignment(): Promise<void> {
    const unit = `x${this.#whole(agencies)}-${this.#whole(3)}`;
    const row = {
      id: this.#id("ua"),
      unitId: unit,
      unitAvailabilityId: `v${unit}`,
      assignmentType: "PRIMARY",
      status: "ACTIVE",
    };
    await this.#insert(
      "UnitAssignment",
      { ...row, startTime: "2026-01-05T10:10:00", transportRequestId: null },
      this.#some("TransportRequest"),
    );
  }

  async #queue(): Promise<void> {
    const row = {
      id: this.#id("q"),
      emergencyDepartmentId: "ed",
      queuePosition: 1,
      priority: "HIGH",
      waitTime: 1,
      status: "WAITING",
    };
    const assigned = { assignedProviderId: this.#one("a", agencies), queueTimestamp: "2026-01-05T10:00:00" };
    await this.#insert(
      "TransportQueue",
      { ...row, ...assigned, transportRequestId: null },
      this.#some("TransportRequest"),
    );
  }

  async #preference(): Promise<void> {
    const pair = { hospitalId: this.#one("u", users), agencyId: this.#one("a", agencies) };
    await this.#sql(
      `delete from "HospitalAgencyPreference" where "hospitalId" = $1 and "agencyId" = $2`,
      Object.values(pair),
    );
    await this.#insert("HospitalAgencyPreference", {
      id: this.#id("p"),
      ...pair,
      isActive: true,
      preferenceOrder: this.#whole(5),
    });
  }

  /** Two rows of which each gets what the other had. */
  async #swap(table: string, column: string): Promise<void> {
    const sql = `select id, "${column}" as value from "${table}" order by md5(id || '${this.#whole(1_000_000)}') limit 2`;
    const { rows } = await this.#client.query<{ id: string; value: string }>(sql);
    const [one, other] = rows;
    if (!one || !other) return;
    const set = (id: string, value: string) =>
      this.#sql(`update "${table}" set "${column}" = $1 where id = $2`, [value, id]);
    await set(one.id, `~${one.value}`);
    await set(other.id, one.value);
    await set(one.id, other.value);
  }

  async #deleteTrip(): Promise<void> {
    const { rows } = await this.#client.query<{ id: string }>(this.#some("TransportRequest"));
    const ids = [rows.map(({ id }) => id)];
    for (const table of ["TransportBid", "TransportQueue", "UnitAssignment"]) {
      await this.#sql(`delete from "${table}" where "transportRequestId" = any($1)`, ids);
    }
    await this.#sql(`delete from "TransportRequest" where id = any($1)`, ids);
  }

  async #weatherAlert(): Promise<void> {
    const row = {
      id: this.#id("wa"),
      alertType: "SNOW",
      severity: "LOW",
      location: "I-99",
      description: "x",
      isActive: true,
    };
    const times = { startTime: "2026-01-05T10:00:00", endTime: "2026-01-05T11:00:00" };
    await this.#insert("WeatherAlert", { ...row, ...times, impact: "x", recommendations: "x" });
    await this.#sql(`insert into "_AirMedicalResourceToWeatherAlert" values ('helicopter', $1)`, [row.id]);
  }

  #traffic(): Readonly<Record<string, unknown>> {
    return {
      ...{ id: this.#id("tc"), location: "I-99", severity: "LIGHT", description: "x", isActive: true },
      ...{ startTime: "2026-01-05T10:00:00", impactFactor: 1.25, affectedRoutes: { a: [1, 2.5, null] } },
    };
  }

  /** @param trip a query for the row's trip, if it has one. */
  async #insert(table: string, row: Readonly<Record<string, unknown>>, trip?: string): Promise<void> {
    const now = "2026-01-05T09:00:00";
    const tripId = trip ? (await this.#client.query<{ id: string }>(trip)).rows[0]?.id : undefined;
    if (trip && tripId === undefined) return;
    const full = { createdAt: now, updatedAt: now, ...row, ...(trip && { transportRequestId: tripId }) };
    const { rows } = await this.#client.query<{ name: string }>(
      "select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped",
      [`"${table}"`],
    );
    const columns = rows.map(({ name }) => name).filter((name) => name in full);
    const list = columns.map((name) => `"${name}"`).join(", ");
    await this.#sql(
      `insert into "${table}" (${list}) select ${list} from jsonb_populate_record(null::"${table}", $1)`,
      [JSON.stringify(full)],
    );
  }

  async #sql(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.#client.query(sql, [...values]);
  }

  /** A query for the id of some row, which the dice choose. */
  #some(table: string, condition = "true"): string {
    return `select id from "${table}" where ${condition} order by md5(id || '${this.#whole(1_000_000)}') limit 1`;
  }

  #id(prefix: string): string {
    return `${prefix}${++this.#made}-${this.#whole(1_000_000)}`;
  }

  #one(prefix: string, count: number): string {
    return `${prefix}${this.#whole(count)}`;
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #pick<T>(things: readonly T[]): T {
    return things[this.#whole(things.length)] as T;
  }
}

const place = { address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601", isActive: true };

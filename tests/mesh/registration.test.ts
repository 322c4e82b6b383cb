import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Client } from "pg";
import { RegistrationState } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { ServiceType } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { BidEndReason, BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type Cast, assembleCast } from "../../services/cli/src/demo/cast.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { createTrip, playing } from "../../services/cli/src/demo/trip-to-completion.ts";
import { newPassword } from "../../services/cli/src/sample/accounts.ts";
import { seedSampleRegion } from "../../services/cli/src/sample/seed.ts";
import { type ConnectedMesh, connectMesh, type MeshOfUser } from "../../services/client/connect-mesh.ts";
import { AwardPolicy } from "#gen/medport/transport/v1/trip_pb.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

/** Less than a test has, so that what does not come is told with its last answer. */
const patience = { withinMs: 20_000 } as const;
const testTimeoutMs = 90_000;

describe("organizations across the silos", () => {
  let test: TestMesh;
  let cast: Cast;
  let overseer: MeshOfUser;
  /** Tells at once that a service is out of reach, where `test.mesh` would try for a while. */
  let hasty: ConnectedMesh;
  let hastyOverseer: MeshOfUser;
  const recorder = new Recorder(() => undefined);
  const play = playing(recorder, "organizations");

  beforeAll(async () => {
    test = await startTestMesh();
    cast = await assembleCast(test.mesh, test.accounts, recorder);
    overseer = cast.overseer;
    hasty = connectMesh({ addresses: test.addresses, retryForMs: 0 });
    const admin = accountOf("Center");
    hastyOverseer = await hasty.login(admin.email, admin.password);
  }, 60_000);
  afterAll(async () => {
    hasty.close();
    await test[Symbol.asyncDispose]();
  });

  const accountOf = (organization: string) => {
    const account = test.accounts.find((candidate) => candidate.organization === organization);
    if (!account) throw new Error(`the sample region has nobody in ${organization}`);
    return account;
  };

  const aPerson = () => ({ email: `${newId()}@organization.example`, password: newPassword(), name: "Frankie First" });

  const anAgency = (over = {}) => ({
    requestId: newId(),
    profile: {
      name: `Agency ${newId()}`,
      contactName: "Dispatch",
      phone: "814-555-0100",
      email: "office@agency.example",
      ...{ address: "1 Station Rd", city: "Altoona", state: "PA", zipCode: "16601" },
      serviceArea: ["county:Blair"],
      operatingHours: "24/7",
      capabilities: ["BLS"],
    },
    admin: aPerson(),
    ...over,
  });

  const logIn = ({ email, password }: { email: string; password: string }) => test.mesh.login(email, password);

  async function outcomeOf(call: Promise<unknown>): Promise<string | undefined> {
    return call.then(
      () => "answered",
      (error: unknown) => reasonOf(error),
    );
  }

  async function query(
    silo: ServiceName,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: test.databases[silo].adminUrl });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Where an agency, its directory entry, its copy and its admin are. */
  async function traces({ profile, admin }: ReturnType<typeof anAgency>): Promise<Record<string, number>> {
    const count = async (silo: ServiceName, sql: string, value: string) => (await query(silo, sql, [value])).length;
    return {
      ems: await count("ems", "select from agency where name = $1", profile.name),
      center: await count("center", "select from agency where name = $1", profile.name),
      hospital: await count("hospital", "select from agency where name = $1", profile.name),
      accounts: await count("center", "select from user_account where email = $1", admin.email),
      kept: await count("center", "select from email_reservation where email = $1", admin.email),
    };
  }

  const everywhere = { ems: 1, center: 1, hospital: 1, accounts: 1, kept: 0 };
  const nowhere = { ems: 0, center: 0, hospital: 0, accounts: 0, kept: 0 };

  /** Gives an agency a unit that can serve the trips of the demonstration. */
  async function aUnitOf(agency: MeshOfUser): Promise<void> {
    await agency.ems.units.createUnit({ unitNumber: `M-${newId()}`, type: UnitType.ALS });
  }

  const isOffered = async (agency: MeshOfUser, tripId: string): Promise<boolean> => {
    const { trips } = await agency.ems.bids.listAvailableTrips({ pageSize: 500 });
    return trips.some((trip) => trip.tripId === tripId);
  };

  const bidOn = (agency: MeshOfUser, tripId: string) => {
    const inMinutes = (minutes: number) => timestampFromDate(new Date(Date.now() + minutes * 60_000));
    return agency.ems.bids.submitBid({
      tripId,
      amount: "250.00",
      estimatedArrivalTime: inMinutes(20),
      estimatedPickupTime: inMinutes(30),
    });
  };

  describe("an agency that is registered", () => {
    it("has an admin who logs in at once, makes units, is offered trips and bids", async () => {
      const request = anAgency();
      const { agency, admin } = await overseer.center.agencies.registerAgency(request);
      const dispatcher = await logIn(request.admin);
      expect(dispatcher.user).toEqual(admin);
      expect(dispatcher.user.organizationId).toBe(agency?.id);
      await aUnitOf(dispatcher);
      const { id: tripId } = await createTrip(cast, play, AwardPolicy.MANUAL);
      await eventually(async () => expect(await isOffered(dispatcher, tripId)).toBe(true), patience);
      const { bid } = await bidOn(dispatcher, tripId);
      expect(bid).toMatchObject({ tripId, agencyId: agency?.id, status: BidStatus.PENDING });
      await eventually(async () => expect(await traces(request)).toEqual(everywhere), patience);
    });

    it("exists with its admin in the end though EMS was down, and Center ended before EMS was back", async () => {
      const request = anAgency();
      await test.stop("ems");
      try {
        expect(await outcomeOf(hastyOverseer.center.agencies.registerAgency(request))).toBe("DEPENDENCY_DOWN");
        expect(await traces(request)).toEqual({ ...nowhere, kept: 1 });
        await test.stop("center");
      } finally {
        await test.start("ems");
        await test.start("center");
      }
      await eventually(async () => expect(await traces(request)).toEqual(everywhere), patience);
      const { agency, admin } = await overseer.center.agencies.registerAgency(request);
      expect((await logIn(request.admin)).user).toEqual(admin);
      expect(admin?.organizationId).toBe(agency?.id);
      const rows = await query("center", "select admin_password_hash from registration where agency_id = $1", [
        agency?.id,
      ]);
      expect(rows).toEqual([{ admin_password_hash: null }]);
    });

    it("exists nowhere if EMS refuses it, and the admin's address is free", async () => {
      const request = anAgency();
      // EMS has another agency with this name, of which Center has not heard.
      const rename = (from: string, to: string) =>
        query("ems", "update agency set name = $2 where name = $1", [from, to]);
      await rename("Bedford Gap Ambulance", request.profile.name);
      try {
        expect(await outcomeOf(overseer.center.agencies.registerAgency(request))).toBe("RESOURCE_EXISTS");
      } finally {
        await rename(request.profile.name, "Bedford Gap Ambulance");
      }
      expect(await traces(request)).toEqual(nowhere);
      const { registrations } = await overseer.center.agencies.listRegistrations({});
      expect(registrations).toContainEqual(
        expect.objectContaining({
          agencyName: request.profile.name,
          state: RegistrationState.GIVEN_UP,
          reason: "RESOURCE_EXISTS",
        }),
      );
      expect(await outcomeOf(overseer.center.agencies.registerAgency(request))).toBe("RESOURCE_EXISTS");
      expect(await outcomeOf(logIn(request.admin))).toBe("CREDENTIALS_INVALID");
      const { admin } = await overseer.center.agencies.registerAgency({ ...request, requestId: newId() });
      expect((await logIn(request.admin)).user).toEqual(admin);
    });

    it("exists nowhere either if EMS refuses it later, when it is back", async () => {
      const request = anAgency();
      await test.stop("ems");
      try {
        expect(await outcomeOf(hastyOverseer.center.agencies.registerAgency(request))).toBe("DEPENDENCY_DOWN");
        await query("ems", "update agency set name = $1 where name = 'Bedford Gap Ambulance'", [request.profile.name]);
      } finally {
        await test.start("ems");
      }
      await eventually(async () => expect(await traces(request)).toEqual({ ...nowhere, ems: 1 }), patience);
      await query("ems", "update agency set name = 'Bedford Gap Ambulance' where name = $1", [request.profile.name]);
      expect(await outcomeOf(overseer.center.agencies.registerAgency(request))).toBe("RESOURCE_EXISTS");
      expect(await traces(request)).toEqual(nowhere);
    });
  });

  describe("whether an agency takes part", () => {
    const isListedByHospital = async (agencyId: string): Promise<boolean> => {
      const { agencies } = await cast.coordinator.hospital.preferences.listAvailableAgencies({});
      return agencies.some(({ id }) => id === agencyId);
    };
    const inRegistry = async (agencyId: string): Promise<ServiceStatus | undefined> => {
      const { services } = await overseer.center.registry.listServices({ type: ServiceType.EMS_AGENCY });
      return services.find(({ id }) => id === agencyId)?.status;
    };

    it(
      "holds in all three silos, from its approval to the day when it is disabled",
      async () => {
        const request = anAgency({ awaitsApproval: true });
        const { agency } = await overseer.center.agencies.registerAgency(request);
        const agencyId = agency?.id ?? "";
        const dispatcher = await logIn(request.admin);
        await aUnitOf(dispatcher);
        const { id: tripId } = await createTrip(cast, play, AwardPolicy.MANUAL);
        // Another agency is offered the trip, so that EMS has heard of it.
        await eventually(async () => expect(await isOffered(cast.agencies[0].mesh, tripId)).toBe(true), patience);
        expect(await isOffered(dispatcher, tripId)).toBe(false);
        expect(await outcomeOf(bidOn(dispatcher, tripId))).toBe("AGENCY_NOT_ELIGIBLE");
        expect(await isListedByHospital(agencyId)).toBe(false);
        expect(await inRegistry(agencyId)).toBe(ServiceStatus.PENDING);

        await overseer.center.agencies.approveAgency({ agencyId });
        expect(await inRegistry(agencyId)).toBe(ServiceStatus.ACTIVE);
        expect(await isListedByHospital(agencyId)).toBe(true);
        await eventually(async () => expect(await isOffered(dispatcher, tripId)).toBe(true), patience);
        const { bid } = await bidOn(dispatcher, tripId);

        await overseer.center.agencies.disableAgency({ agencyId });
        expect(await inRegistry(agencyId)).toBe(ServiceStatus.INACTIVE);
        expect(await isListedByHospital(agencyId)).toBe(false);
        await eventually(async () => {
          const { bid: ended } = await dispatcher.ems.bids.getBid({ bidId: bid?.id ?? "" });
          expect(ended).toMatchObject({ status: BidStatus.EXPIRED, endReason: BidEndReason.AGENCY_DISABLED });
        }, patience);
        expect(await isOffered(dispatcher, tripId)).toBe(false);
        expect(await outcomeOf(bidOn(dispatcher, tripId))).toBe("AGENCY_NOT_ELIGIBLE");
        await eventually(async () => {
          const copies = await query("hospital", "select status from agency where id = $1", [agencyId]);
          expect(copies).toEqual([{ status: "INACTIVE" }]);
        }, patience);
        // Its people may see to trips that are under way.
        expect((await logIn(request.admin)).user.organizationId).toBe(agencyId);

        await overseer.center.agencies.enableAgency({ agencyId });
        expect(await inRegistry(agencyId)).toBe(ServiceStatus.ACTIVE);
        await eventually(async () => expect(await isOffered(dispatcher, tripId)).toBe(true), patience);
        expect(await outcomeOf(bidOn(dispatcher, tripId))).toBe("answered");
      },
      testTimeoutMs,
    );
  });

  describe("a hospital that is disabled", () => {
    it(
      "asks for no trips until it is enabled again",
      async () => {
        const person = aPerson();
        const { hospital } = await overseer.center.hospitals.registerHospital({
          requestId: newId(),
          ...{ name: "Passing General", address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601" },
          admin: person,
        });
        const hospitalId = hospital?.id ?? "";
        const coordinator = await logIn(person);
        const ask = () =>
          coordinator.hospital.trips.createTrip({
            ...{ originFacilityId: cast.origin.id, destinationFacilityId: cast.destination.id },
            ...{ transportLevel: 1, priority: 2 },
          });
        expect(await outcomeOf(ask())).toBe("answered");
        await overseer.center.hospitals.disableHospital({ hospitalId });
        await eventually(async () => expect(await outcomeOf(ask())).toBe("FACILITY_NOT_ACTIVE"), patience);
        expect((await logIn(person)).user.organizationId).toBe(hospitalId);
        await overseer.center.hospitals.enableHospital({ hospitalId });
        await eventually(async () => expect(await outcomeOf(ask())).toBe("answered"), patience);
      },
      testTimeoutMs,
    );
  });

  describe("the sample region", () => {
    const organizations = async () => {
      const { hospitals } = await overseer.center.hospitals.listHospitals({ pageSize: 500 });
      const { agencies } = await overseer.center.agencies.listAgencies({ pageSize: 500 });
      const { users } = await overseer.center.users.listUsers({ pageSize: 500 });
      return { hospitals: hospitals.length, agencies: agencies.length, users: users.length };
    };

    it("leaves no organization without somebody who can log in", async () => {
      const { hospitals } = await overseer.center.hospitals.listHospitals({ withoutActiveUsers: true });
      const { agencies } = await overseer.center.agencies.listAgencies({ withoutActiveUsers: true });
      expect([...hospitals, ...agencies].map(({ name }) => name)).toEqual([]);
    });

    it("changes nothing when it is loaded again", async () => {
      const before = await organizations();
      await seedSampleRegion({ mesh: test.mesh, accounts: test.accounts, onProgress: () => undefined });
      expect(await organizations()).toEqual(before);
    });

    it("brings the admins that an earlier version had not made, and no second organization", async () => {
      const before = await organizations();
      const [hospital, agency] = [accountOf("UPMC Bedford"), accountOf("Elk Timber Ambulance")];
      const emails = [hospital.email, agency.email];
      await query("center", "delete from registration where admin_email = any($1)", [emails]);
      await query("center", "delete from user_account where email = any($1)", [emails]);
      await query("center", "delete from idempotency_key");
      await seedSampleRegion({ mesh: test.mesh, accounts: test.accounts, onProgress: () => undefined });
      expect(await organizations()).toEqual(before);
      for (const account of [hospital, agency]) {
        const { user } = await logIn(account);
        expect(user).toMatchObject({ email: account.email, active: true });
      }
    });
  });
});

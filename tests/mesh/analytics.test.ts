import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Client } from "pg";
import type { CountTripsResponse } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { Priority, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { Silos } from "../model/silos.ts";
import { LeapingClock } from "./leaping-clock.ts";
import { liveRandomly, type Tally } from "./lifecycles.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";
import { differencesBetween, type Figures, figuresFromAnswer, recount } from "./recount.ts";

// As many as keep the suite short; bench/lifecycles.ts lives ten thousand, and others.
const count = Number(process.env["LIVES"] ?? 60);
const seed = Number(process.env["LIVES_SEED"] ?? 20_261_124);
const longerThanAnyPromiseMs = 12 * 3_600_000;

describe("what Center counts after random lives of trips", () => {
  const parts = new AsyncDisposableStack();
  const clock = new LeapingClock();
  let mesh: TestMesh;
  let hospital: Client;
  let tally: Tally;
  let now: Date;

  beforeAll(async () => {
    mesh = parts.use(await startTestMesh({ clock: () => clock.now() }));
    tally = await liveRandomly({ mesh, clock, count, atOnce: 24, seed });
    // The dice alone may keep every promise, or leave none to keep.
    await orderTrip();
    clock.leap(longerThanAnyPromiseMs);
    await orderTrip();
    const silos = parts.use(Silos.open(mesh.databases));
    await silos.settle(clock.now());
    now = clock.freeze();
    await silos.settle(now);
    hospital = new Client({ connectionString: mesh.databases.hospital.adminUrl });
    await hospital.connect();
    parts.defer(() => hospital.end());
  }, 600_000);
  afterAll(() => parts.disposeAsync());

  const logIn = (email: string): Promise<MeshOfUser> => {
    const account = mesh.accounts.find((candidate) => candidate.email === email);
    return mesh.mesh.login(email, account?.password ?? "");
  };
  const people = async (userType: string): Promise<readonly MeshOfUser[]> => {
    const found: MeshOfUser[] = [];
    for (const { email } of mesh.accounts.filter((it) => it.userType === userType)) found.push(await logIn(email));
    return found;
  };

  const orderTrip = async (): Promise<void> => {
    const [person] = await people("HOSPITAL");
    if (!person) throw new Error("nobody of a hospital was there to order a trip");
    const { facilities } = await person.hospital.facilities.listFacilities({ pageSize: 500 });
    const own = facilities.find(({ hospitalId }) => hospitalId === person.user.organizationId);
    const other = facilities.find(({ id }) => id !== own?.id);
    await person.hospital.trips.createTrip({
      ...{ originFacilityId: own?.id ?? "", destinationFacilityId: other?.id ?? "" },
      ...{ transportLevel: TransportLevel.BLS, priority: Priority.URGENT },
    });
  };

  it("is about lives in which everything happened", async () => {
    const done = [...tally].filter(([, answers]) => answers.has("OK")).map(([command]) => command);
    const commands = ["create", "submit bid", "accept bid", "accept trip", "update", "pause", "resume", "cancel"];
    const more = ["release", "assign unit", "start", "complete", "report"];
    expect(done).toEqual(expect.arrayContaining([...commands, ...more]));
    const figures = await recount(hospital, {}, now);
    for (const promise of ["assign met", "assign missed", "pickup met", "pickup missed", "pickup running"]) {
      expect(Object.keys(figures)).toContain(promise);
    }
    expect(figures["total"]).toBe(count + 2);
  });

  const expectEqual = (answer: CountTripsResponse | undefined, figures: Figures): void => {
    if (!answer) throw new Error("nobody of Center was there to ask");
    expect(differencesBetween(figuresFromAnswer(answer), figures)).toEqual([]);
  };

  it("is for Center what stands in Hospital's table", async () => {
    const [center] = await people("CENTER");
    const answer = await center?.center.analytics.countTrips({});
    expectEqual(answer, await recount(hospital, {}, now));
  });

  it("is for every hospital what stands there of its trips", async () => {
    for (const { center, user } of await people("HOSPITAL")) {
      const figures = await recount(hospital, { hospitalId: user.organizationId }, now);
      expectEqual(await center.analytics.countTrips({}), figures);
    }
  });

  it("is for every agency what stands there of the trips that it has, or had at their end", async () => {
    for (const { center, user } of await people("EMS")) {
      const figures = await recount(hospital, { agencyId: user.organizationId }, now);
      expectEqual(await center.analytics.countTrips({}), figures);
    }
  });

  it.each(["BLS", "ALS", "CCT", "OTHER"] as const)("is for %s what stands there of that level", async (level) => {
    const [center] = await people("CENTER");
    const answer = await center?.center.analytics.countTrips({ transportLevels: [TransportLevel[level]] });
    expectEqual(answer, await recount(hospital, { level }, now));
  });

  it.each(["LOW", "URGENT"] as const)(
    "is for %s what stands there of that priority and a part of the time",
    async (priority) => {
      const [center] = await people("CENTER");
      const { rows } = await hospital.query<{ from: Date; until: Date }>(
        `select percentile_disc(0.2) within group (order by request_time) as from,
              percentile_disc(0.8) within group (order by request_time) as until from trip`,
      );
      const { from = now, until = now } = rows[0] ?? {};
      const times = { fromTime: timestampFromDate(from), untilTime: timestampFromDate(until) };
      const answer = await center?.center.analytics.countTrips({ ...times, priorities: [Priority[priority]] });
      const figures = await recount(hospital, { priority, from, until }, now);
      expectEqual(answer, figures);
      expect(figures["total"]).toBeGreaterThan(0);
    },
  );
});

import { breaches } from "./invariants.ts";
import type { Command, Draw } from "./commands.ts";
import { contestedTrips, expectationOf, type Winners } from "./rules.ts";
import { givenIn } from "./mood.ts";
import type { Stage } from "./stage.ts";
import { type Actor, actors, type ModelTrip, newWorld, relation, type World } from "./world.ts";

/** What was played: how often each kind of command was carried out, and how often it was refused. */
export type Tally = Map<string, { carriedOut: number; refused: number }>;

/**
 * Plays a day on the stage and in the model at once.
 * @param tally counts what is played.
 * @throws Error at the first command of which the two say something different, or after which a rule is broken.
 */
export async function playDay(stage: Stage, draws: readonly Draw[], tally: Tally): Promise<void> {
  const world = newWorld(stage.now());
  const played: string[] = [];
  for (const draw of draws) {
    const command = givenIn(draw.mood, world, draw.command, draw.pick);
    if (isAboutNothing(world, command)) continue;
    const said = await playOne(stage, world, command);
    played.push(`${JSON.stringify(command)} -> ${said}`);
    count(tally, command, said);
    const wrong = [
      ...(await differencesFrom(stage, world)),
      ...(await breaches(stage.silos)),
      ...(await wrongSights(stage, world, command)),
    ];
    if (wrong.length > 0)
      throw new Error(`${wrong.join("\n")}\nafter\n${played.join("\n")}\nthe model says\n${tellWorld(world)}`);
  }
}

function count(tally: Tally, { kind }: Command, said: string): void {
  const { carriedOut, refused } = tally.get(kind) ?? { carriedOut: 0, refused: 0 };
  const isDone = said === "OK";
  tally.set(kind, { carriedOut: carriedOut + (isDone ? 1 : 0), refused: refused + (isDone ? 0 : 1) });
}

function isAboutNothing(world: World, command: Command): boolean {
  return "bid" in command && world.bids.length === 0;
}

async function playOne(stage: Stage, world: World, command: Command): Promise<string> {
  world.now = stage.now();
  const isLeap = command.kind === "letTimePass";
  const expected = isLeap ? undefined : expectationOf(world, command);
  const said = await stage.play(command, world);
  world.now = stage.now();
  const { reasons, carryOut } = expected ?? expectationOf(world, command);
  const isAsExpected = said === "OK" ? reasons.size === 0 || reasons.has("OK") : reasons.has(said);
  if (!isAsExpected) {
    const wanted = reasons.size === 0 ? "OK" : [...reasons].join(" or ");
    throw new Error(`${JSON.stringify(command)} was answered ${said}, expected ${wanted}\n${tellWorld(world)}`);
  }
  await stage.settle();
  if (said === "OK") {
    carryOut(isLeap ? await winnersOf(stage, world, contestedTrips(world)) : undefined);
    await learnNewBids(stage, world);
  }
  return said;
}

/** Which of their bids have won the trips, as EMS has it. */
async function winnersOf(stage: Stage, world: World, trips: readonly ModelTrip[]): Promise<Winners> {
  const rows = await stage.silos.rows<{ id: string }>("ems", "select id from bid where status = 'ACCEPTED'");
  const accepted = new Set(rows.map(({ id }) => id));
  return new Map(
    trips.map((trip) => {
      const index = world.trips.indexOf(trip);
      const winner = world.bids.find(
        (bid, at) => bid.trip === index && bid.status === "PENDING" && accepted.has(stage.bidIds[at] ?? ""),
      );
      return [index, winner];
    }),
  );
}

/** A bid that the mesh wrote on its own, for an agency that took or declined a trip, has its id from there. */
async function learnNewBids(stage: Stage, world: World): Promise<void> {
  for (const bid of world.bids.slice(stage.bidIds.length)) {
    const rows = await stage.silos.rows<{ id: string }>(
      "ems",
      "select id from bid where trip_id = $1 and agency_id = $2 and not (id = any($3)) order by submitted_at",
      [stage.tripIds[bid.trip], stage.organizationId(bid.agency), stage.bidIds],
    );
    const [row] = rows;
    if (!row) throw new Error(`${bid.agency} has no bid on trip ${bid.trip} in EMS`);
    stage.bidIds.push(row.id);
  }
}

/** What the mesh says of the world's trips, bids and units, where it is not what the model says. */
async function differencesFrom(stage: Stage, world: World): Promise<readonly string[]> {
  const trips = await stage.silos.rows<{ id: string; said: string }>(
    "hospital",
    `select id, concat_ws(' ', status, transport_level, priority, award_policy, special_requirements,
                          'material ' || material_version, 'agency ' || assigned_agency_id, 'unit ' || assigned_unit_id,
                          case when consent_due_time is not null then 'consent due' end) as said from trip`,
  );
  const bids = await stage.silos.rows<{ id: string; said: string }>(
    "ems",
    "select id, concat_ws(' ', status, 'seen ' || seen_material_version) as said from bid",
  );
  const units = await stage.silos.rows<{ id: string; said: string }>("ems", "select id, status as said from unit");
  return [
    ...compare(
      "trip",
      trips,
      world.trips.map((trip, index) => [stage.tripIds[index] ?? "", tellTrip(stage, trip)]),
    ),
    ...compare(
      "bid",
      bids,
      world.bids.map((bid, index) => [stage.bidIds[index] ?? "", `${bid.status} seen ${bid.seen}`]),
    ),
    ...compare(
      "unit",
      units,
      world.units.map((unit) => [stage.unitId(unit.number), unit.trip === undefined ? unit.status : "IN_USE"]),
    ),
  ];
}

function tellTrip(stage: Stage, trip: ModelTrip): string {
  const { status, level, priority, policy, requirements, material, agency, unit, consentDue } = trip;
  return [
    ...[status, level, priority, policy, requirements, `material ${material}`],
    ...(agency === undefined ? [] : [`agency ${stage.organizationId(agency)}`]),
    ...(unit === undefined ? [] : [`unit ${stage.unitId(unit)}`]),
    ...(consentDue === undefined ? [] : ["consent due"]),
  ].join(" ");
}

function compare(
  what: string,
  rows: readonly { readonly id: string; readonly said: string }[],
  expected: readonly (readonly [string, string])[],
): readonly string[] {
  const said = new Map(rows.map((row) => [row.id, row.said]));
  return expected
    .filter(([id, text]) => said.get(id) !== text)
    .map(([id, text]) => `${what} ${id} is "${said.get(id) ?? "missing"}", expected "${text}"`);
}

/** Of the trip that the command was about, everybody sees what they may and nothing else. */
async function wrongSights(stage: Stage, world: World, command: Command): Promise<readonly string[]> {
  if (!("trip" in command)) return [];
  const index = command.trip % world.trips.length;
  const trip = world.trips[index];
  if (!trip) return [];
  const sights = await Promise.all(
    actors.map(async (actor) => ({
      actor,
      seen: await stage.sight(actor, index),
      wanted: sightOf(world, trip, actor),
    })),
  );
  return sights
    .filter(({ seen, wanted }) => seen !== wanted)
    .map(({ actor, seen, wanted }) => `${actor} sees ${seen} of trip ${index}, expected ${wanted}`);
}

function sightOf(world: World, trip: ModelTrip, actor: Actor): "nothing" | "all" | "no free text" {
  const what = relation(world, trip, actor);
  if (what === undefined) return "nothing";
  return what === "OFFERED" ? "no free text" : "all";
}

function tellWorld(world: World): string {
  return JSON.stringify({ trips: world.trips, bids: world.bids, units: world.units, disabled: [...world.disabled] });
}

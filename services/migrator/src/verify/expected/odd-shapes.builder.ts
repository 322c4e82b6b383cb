import type { Json } from "../../target/target-tables.ts";

/** Values as people have written them into free JSON columns: every shape that the rules name, and what lies beside it. */
export interface OddShapes {
  readonly hours: readonly Json[];
  readonly areas: readonly Json[];
  readonly capabilities: readonly Json[];
  readonly coordinates: readonly Json[];
}

type Pick = <T>(of: readonly T[]) => T;

/** So many of each kind, the same for the same seed. */
export function oddShapes(count: number, seed: number): OddShapes {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const pick: Pick = (of) => of[Math.floor(next() * of.length)] as never;
  const many = (one: (pick: Pick) => Json): readonly Json[] => Array.from({ length: count }, () => one(pick));
  return { hours: many(hours), areas: many(area), capabilities: many(capabilities), coordinates: many(coordinates) };
}

const scalars: readonly Json[] = [null, true, false, 0, 7, 50.5, "", " ", "x", "24/7", "Blair, Cambria,blair", "{}"];

/** An object with some of the names, each with one of its values. */
function some(pick: Pick, names: readonly string[], value: (name: string) => Json, most = 3): Json {
  const entries = Array.from({ length: pick([1, 1, 2, 2, 2, most]) }, () => pick(names)).map((name) => [
    name,
    value(name),
  ]);
  return Object.fromEntries(entries) as Json;
}

const times = [
  "06:00",
  "6:00",
  "18:30",
  "24:00",
  "25:00",
  "08:61",
  "6:00 AM",
  "10:30pm",
  "6:00 a.m.",
  "12:00 AM",
  "13:00 PM",
  "late",
  "",
  "06:00:30",
  " 07:15 ",
];
const dayNames = ["monday", "Tuesday", "WED", "thu", "friday", "Saturday", "sunday", "mon", "holiday"];

function hours(pick: Pick): Json {
  const time = (): Json => pick([...times, ...times, null, 6]);
  const span = (): Json =>
    pick<() => Json>([
      () => ({ start: time(), end: time() }),
      () => ({ open: time(), close: time() }),
      () => ({ start: "08:00", end: "17:00" }),
      () => ({ start: "00:00", end: "23:59" }),
      () => ({ closed: pick<Json>([true, false, "true"]) }),
      () => ({ open: "24/7" }),
      () => ({ closed: true, start: "08:00", end: "17:00" }),
      () => pick(scalars),
    ])();
  const part = (): Json =>
    pick<() => Json>([
      () => ({
        days: pick<Json>(["Mon-Fri", " Sat ", "", ["Mon", " Tue"], [], [1, null], 5, null]),
        hours: pick<Json>(["8-5", " 9-1 ", "", 24, null]),
      }),
      () => ({ days: "Mon-Fri", hours: "6:00 AM - 6:00 PM", note: "x" }),
      () => ({ hours: "8-5" }),
      () => pick(scalars),
    ])();
  return pick<() => Json>([
    () => pick(scalars),
    span,
    () => ({ ...(span() as object), [pick(["zone", "days", "open"])]: pick(scalars) }),
    () => some(pick, dayNames, span, 7),
    () => some(pick, dayNames.slice(0, 7), () => ({ start: "08:00", end: "17:00" }), 7),
    () => some(pick, ["primary", "secondary", "primary", "secondary", "note"], part),
    () => [span(), pick(scalars)],
    () => ({}),
  ])();
}

function coordinates(pick: Pick): Json {
  const degree = (): Json => pick<Json>([40.5, -78.4, 0, 90, 180, 90.5, -180.5, "40.5", null, 1e300, 40.123456789]);
  return pick<() => Json>([
    () => ({ lat: degree(), lng: degree() }),
    () => ({ latitude: degree(), longitude: degree() }),
    () => some(pick, ["lat", "lng", "latitude", "longitude", "alt"], degree, 5),
    () => Array.from({ length: pick([0, 1, 2, 2, 2, 3]) }, degree),
    () => pick(scalars),
  ])();
}

function area(pick: Pick): Json {
  const names = (): Json =>
    pick<Json>([
      "Blair",
      "Blair, Elk,, blair ",
      ["Blair", " Elk ", "blair", "", null, 7],
      [{ name: "Elk" }, ["x"]],
      [],
      null,
      7,
      true,
      { name: "Elk" },
      "",
    ]);
  const radius = (): Json =>
    pick<Json>([
      50,
      50.5,
      0,
      -3,
      "50",
      "50 miles",
      "50.0",
      "50.0mi",
      ".5",
      "1e2",
      "many",
      " 25",
      null,
      true,
      [50],
      "+5",
      "007",
    ]);
  const one = (depth: number): Json =>
    pick<() => Json>([
      () => pick(scalars),
      names,
      () => some(pick, ["counties", "cities", "states"], names),
      () => ({ radius: radius(), center: coordinates(pick) }),
      () => ({ radius: radius(), center: { lat: 40.5, lng: -78.4 } }),
      () => ({ radius: radius(), center: { lat: 40.5, lng: -78.4 }, counties: names() }),
      ...(depth < 2 ? [() => some(pick, ["primary", "secondary", "counties", "note"], () => one(depth + 1))] : []),
      () => ({ type: "hospital", facilityId: "f1" }),
      () => ({}),
    ])();
  return one(0);
}

function capabilities(pick: Pick): Json {
  const lists = ["transportLevels", "specialServices", "specialCapabilities", "specialEquipment", "equipment"];
  const named = (): Json =>
    pick<Json>([
      { name: "Pump" },
      { label: "Pump" },
      { code: "P" },
      { name: "", label: "Pump" },
      { name: " ", code: "P" },
      { name: 7, label: "Pump" },
      { id: 4 },
      { name: null },
      {},
    ]);
  const entry = (): Json =>
    pick<Json>([...scalars, named(), ["BLS", named()], [[1.5, "x"]], { BLS: true, ALS: false }, 1.0, 2.5]);
  return pick<() => Json>([
    () => pick(scalars),
    () => Array.from({ length: pick([0, 1, 2, 3]) }, entry),
    () => some(pick, lists, entry, 5),
    () => some(pick, [...lists, "oxygen", "Oxygen", "max"], entry, 5),
    () => some(pick, ["oxygen", "Oxygen", " vent ", "max"], entry, 4),
    named,
  ])();
}

/**
 * The floors of the project: a room may import rooms below it, and none beside it. Silos meet on the wire, not in code.
 */
const rooms = [
  { path: "gen/", floor: 0 },
  { path: "services/platform/", floor: 1 },
  { path: "services/hospital/", floor: 2 },
  { path: "services/ems/", floor: 2 },
  { path: "services/center/", floor: 2 },
  { path: "services/client/", floor: 2 },
  { path: "services/migrator/", floor: 3 },
  { path: "services/cli/", floor: 4 },
  { path: "services/console/", floor: 4 },
  { path: "bench/", floor: 6 },
  { path: "tests/", floor: 5 },
] as const;

/** What a file of a slice may import from its own service, by its suffix: `trip.ts` is the domain, `trip.rpc.ts` an edge. */
type Layer = "domain" | "store" | "edge" | "test";

const layersBelow: Readonly<Record<Layer, readonly Layer[]>> = {
  domain: ["domain"],
  store: ["domain", "store"],
  edge: ["domain", "store", "edge"],
  test: ["domain", "store", "edge", "test"],
};

const storeSuffixes = ["entity", "store", "row", "events", "message"];
/** Files beside a silo's slices that compose them; so does the one that is named after the silo. */
const composers = ["main", "config", "consumers", "routes"];
const testSuffixes = ["test", "builder"];

/** Packages and rooms that read, write or wait: the domain decides and does none of it. Their types may be named. */
const effects = [/^node:/, /^@mikro-orm\//, /^@connectrpc\//, /^nats$/, /^pg$/, /^#platform\/(database|rpc|events)\//];

/** One import, from where it stands to what it names; inside the project both are paths below its root. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** What is wrong with an import, as a sentence; undefined if it is right. */
export function breachOf(imported: Import): string | undefined {
  return roomBreach(imported) ?? layerBreach(imported) ?? purityBreach(imported);
}

function roomBreach({ from, to }: Import): string | undefined {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (!here || !there || here === there || there.floor < here.floor) return undefined;
  const word = there.floor === here.floor ? "beside" : "above";
  return `${from} imports ${to}: ${there.path} is ${word} ${here.path}`;
}

function layerBreach({ from, to }: Import): string | undefined {
  const [here, there] = [layerOf(from), layerOf(to)];
  if (!here || !there || layersBelow[here].includes(there)) return undefined;
  return `${from} imports ${to}: a ${here} file may not know the ${there}`;
}

function purityBreach({ from, to, typeOnly }: Import): string | undefined {
  if (typeOnly || layerOf(from) !== "domain" || !effects.some((effect) => effect.test(to))) return undefined;
  return `${from} imports ${to}: the domain decides, it does not act`;
}

function roomOf(path: string): (typeof rooms)[number] | undefined {
  return rooms.find((room) => path.startsWith(room.path));
}

/** The layer of a silo's file by its suffix; undefined outside the silos. An unknown suffix is an edge. */
function layerOf(path: string): Layer | undefined {
  const parts = /^services\/(hospital|ems|center)\/src\/(?:(.+)\/)?([^/.]+)(?:\.([a-z-]+))?\.ts$/.exec(path);
  if (!parts) return undefined;
  const [, silo, slice, noun, suffix] = parts;
  if (suffix !== undefined) return layerOfSuffix(suffix);
  if (slice !== undefined) return "domain";
  // Beside the slices: what composes them is an edge, what all of them use is below.
  return noun === silo || composers.includes(noun ?? "") ? "edge" : "store";
}

function layerOfSuffix(suffix: string): Layer {
  if (testSuffixes.includes(suffix)) return "test";
  return storeSuffixes.includes(suffix) ? "store" : "edge";
}

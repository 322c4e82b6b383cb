import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { ServiceName } from "#platform/service-name.ts";
import { mergePages, type SiloCursor, type SiloPage, type Sortable } from "./audit-merge.ts";

interface Entry extends Sortable {
  readonly silo: ServiceName;
}

type Logs = Readonly<Record<ServiceName, readonly Entry[]>>;

function logOf(silo: ServiceName, times: readonly number[]): readonly Entry[] {
  const entries = times.map((timeMs, index) => ({ silo, timeMs, id: `${silo}-${String(index).padStart(3, "0")}` }));
  return entries.toSorted((one, other) => other.timeMs - one.timeMs || other.id.localeCompare(one.id));
}

/** A silo that hands out at most this many at once, with tokens of its own. */
function pageOf(logs: Logs, cursor: SiloCursor, size: number, largest: number): SiloPage<Entry> {
  if (cursor.state !== "MORE") return { cursor, entries: [], nextToken: "" };
  const from = cursor.token === "" ? 0 : Number(cursor.token);
  const to = from + Math.min(size + cursor.skip, largest);
  const log = logs[cursor.silo];
  return { cursor, entries: log.slice(from + cursor.skip, to), nextToken: to < log.length ? String(to) : "" };
}

function readAll(logs: Logs, size: number, largest = 500): readonly Entry[] {
  let cursors: readonly SiloCursor[] = (["hospital", "ems", "center"] as const).map((silo) => ({
    silo,
    state: "MORE",
    token: "",
    skip: 0,
  }));
  const all: Entry[] = [];
  for (let page = 0; page < 10_000 && cursors.some(({ state }) => state === "MORE"); page += 1) {
    const merged = mergePages(
      cursors.map((cursor) => pageOf(logs, cursor, size, largest)),
      size,
    );
    all.push(...merged.entries);
    cursors = merged.cursors;
  }
  return all;
}

describe("merging three logs", () => {
  it("gives the newest first, whichever silo it comes from", () => {
    const logs = { hospital: logOf("hospital", [50, 20]), ems: logOf("ems", [40, 10]), center: logOf("center", [30]) };
    expect(readAll(logs, 2).map(({ timeMs }) => timeMs)).toEqual([50, 40, 30, 20, 10]);
  });

  it("gives every entry once and in order, whatever the pages' size", () => {
    const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        times,
        times,
        times,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 20, max: 30 }),
        (h, e, c, size, largest) => {
          const logs = { hospital: logOf("hospital", h), ems: logOf("ems", e), center: logOf("center", c) };
          const read = readAll(logs, size, largest);
          const expected = [...logs.hospital, ...logs.ems, ...logs.center].toSorted(
            (one, other) => other.timeMs - one.timeMs || other.id.localeCompare(one.id),
          );
          expect(read).toEqual(expected);
        },
      ),
    );
  });

  it("goes on without a silo that is missing", () => {
    const missing = { silo: "ems", state: "MISSING", token: "", skip: 0 } as const;
    const more = { silo: "hospital", state: "MORE", token: "", skip: 0 } as const;
    const merged = mergePages(
      [
        { cursor: more, entries: logOf("hospital", [2, 1]), nextToken: "" },
        { cursor: missing, entries: [], nextToken: "" },
      ],
      10,
    );
    expect(merged.entries.map(({ timeMs }) => timeMs)).toEqual([2, 1]);
    expect(merged.cursors.map(({ state }) => state)).toEqual(["DONE", "MISSING"]);
  });
});

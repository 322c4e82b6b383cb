/** One line of a schema's text, taken apart. */
interface SchemaPart {
  /** What it is and where, such as `index one_active_trip_per_unit on assignment`. */
  readonly subject: string;
  /** How it is made; empty for a table. */
  readonly definition: string;
  /** The table it belongs to; undefined for a table and what belongs to none. */
  readonly table: string | undefined;
}

/**
 * Says in sentences how a database differs from what it should be, such as
 * `index one_active_trip_per_unit on assignment is missing`.
 * @param live what `schemaText` read.
 * @param expected the silo's committed `migrations/schema.txt`.
 * @returns nothing if they are the same.
 */
export function schemaDifferences(live: string, expected: string): readonly string[] {
  const [is, should] = [partsOf(live), partsOf(expected)];
  const missing = [...should.values()].filter(({ subject }) => !is.has(subject));
  const surplus = [...is.values()].filter(({ subject }) => !should.has(subject));
  const changed = [...should.values()].flatMap(({ subject, definition }) => {
    const found = is.get(subject);
    return found && found.definition !== definition ? [`${subject} is ${found.definition}, not ${definition}`] : [];
  });
  return [
    ...withoutPartsOfTables(missing).map(({ subject }) => `${subject} is missing`),
    ...changed,
    ...withoutPartsOfTables(surplus).map(({ subject }) => `${subject} is not expected`),
  ];
}

function partsOf(text: string): ReadonlyMap<string, SchemaPart> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return new Map(lines.map(partFromLine).map((part) => [part.subject, part]));
}

function partFromLine(line: string): SchemaPart {
  const [, subject = line, definition = ""] = /^(.*?): (.*)$/.exec(line) ?? [];
  const [, table] = / on (\S+)$/.exec(subject) ?? [];
  return { subject, definition, table };
}

/** A table that is missing as a whole is one sentence, not one for each of its columns. */
function withoutPartsOfTables(parts: readonly SchemaPart[]): readonly SchemaPart[] {
  const subjects = new Set(parts.map(({ subject }) => subject));
  return parts.filter(
    ({ table }) => ![`table ${table}`, `view ${table}`, `materialized view ${table}`].some((it) => subjects.has(it)),
  );
}

/** What a column can hold, as JavaScript has it. */
type Value = unknown;

const special = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A row in the text format of COPY, with its line end: null as \N, arrays and JSON as PostgreSQL reads them, bytes in hex,
 * times with their zone.
 * @param jsonColumns whose arrays are JSON and not PostgreSQL's.
 */
export function copyLine(
  columns: readonly string[],
  row: Readonly<Record<string, Value>>,
  jsonColumns: ReadonlySet<string>,
): string {
  const fields = columns.map((column) => field(row[column], jsonColumns.has(column)));
  return `${fields.join("\t")}\n`;
}

function field(value: Value, isJson: boolean): string {
  if (value === null || value === undefined) return "\\N";
  return textOf(value, isJson).replaceAll(special, (sign) => escapes[sign] ?? sign);
}

function textOf(value: Value, isJson: boolean): string {
  if (isJson) return JSON.stringify(value);
  if (typeof value === "string") return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return `{${value.map(element).join(",")}}`;
  return String(value);
}

function element(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value !== "string")
    throw new Error(`an array of PostgreSQL is written of texts alone, not of ${typeof value}`);
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

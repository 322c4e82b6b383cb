/** What a column can hold, as JavaScript has it. */
type Value = unknown;

const special = /[\\\n\r\t]/;
const allSpecial = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A row in the text format of COPY, with its line end: null as \N, arrays and JSON as PostgreSQL reads them, bytes in hex,
 * times with their zone. Written for speed: of a move's own work, most is this.
 * @param jsonColumns whose arrays are JSON and not PostgreSQL's.
 */
export function copyLine(
  columns: readonly string[],
  row: Readonly<Record<string, Value>>,
  jsonColumns: ReadonlySet<string>,
): string {
  let line = "";
  let separator = "";
  for (const column of columns) {
    line += separator + field(row[column], jsonColumns.has(column));
    separator = "\t";
  }
  return `${line}\n`;
}

function field(value: Value, isJson: boolean): string {
  if (value === null || value === undefined) return "\\N";
  if (isJson) return escaped(JSON.stringify(value));
  if (typeof value === "string") return escaped(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\\\x${hexOf(value)}`;
  if (Array.isArray(value)) return escaped(`{${value.map(element).join(",")}}`);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`a column that is not JSON cannot hold a value of type ${typeof value}`);
}

function escaped(text: string): string {
  return special.test(text) ? text.replaceAll(allSpecial, (sign) => escapes[sign] ?? sign) : text;
}

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}

function element(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value !== "string")
    throw new Error(`an array of PostgreSQL is written of texts alone, not of ${typeof value}`);
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

import type { Json } from "../target/target-tables.ts";
import { distinctTexts, isJsonArray, isJsonObject, type JsonObject, textsFromArray } from "./text-list.ts";

/** The lists that the old forms kept in an object, in the order in which they are told. */
const lists = ["transportLevels", "specialServices", "specialCapabilities", "specialEquipment", "equipment"] as const;

/**
 * What a facility, an agency or a unit can do, from any of the shapes in which the old database kept it (R-CAPS). Entries of
 * an object without one of the known lists are their names if true, `name:value` if they say more, and nothing if false.
 */
export function capabilitiesFrom(value: Json): readonly string[] {
  return distinctTexts(textsFrom(value));
}

function textsFrom(value: Json | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "string") return value.split(",");
  if (isJsonArray(value)) return textsFromArray(value);
  if (isJsonObject(value)) return textsFromObject(value);
  return [String(value)];
}

function textsFromObject(value: JsonObject): readonly string[] {
  const known = lists.filter((list) => Object.hasOwn(value, list));
  if (known.length > 0) return known.flatMap((list) => textsFrom(value[list]));
  return Object.entries(value).flatMap(([name, entry]) => textsFromEntry(name, entry));
}

function textsFromEntry(name: string, entry: Json): readonly string[] {
  if (entry === true) return [name];
  if (entry === false || entry === null) return [];
  return [`${name}:${typeof entry === "object" ? JSON.stringify(entry) : String(entry)}`];
}

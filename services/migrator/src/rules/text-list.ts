import type { Json } from "../target/target-tables.ts";

/** An object as JSON has it. */
export type JsonObject = { readonly [name: string]: Json };

/** True for an object, not for an array and not for null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for an array. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The entries of an array as texts: those of objects are their name, label or code, if they have one, else compact JSON. */
export function textsFromArray(values: readonly Json[]): readonly string[] {
  return values.flatMap((value) => (value === null ? [] : textFrom(value)));
}

function textFrom(value: Exclude<Json, null>): string {
  if (typeof value !== "object") return String(value);
  if (!isJsonObject(value)) return JSON.stringify(value);
  const named = [value["name"], value["label"], value["code"]].find(isText);
  return named ?? JSON.stringify(value);
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value.trim() !== "";
}

/** Without blanks around, without empty ones, and each once whatever its case: the first of them stays, in its place. */
export function distinctTexts(texts: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== "" && seen.size < seen.add(text.toLowerCase()).size);
}

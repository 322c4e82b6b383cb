import type { Json } from "../target/target-tables.ts";
import { coordinatesFrom } from "./coordinates.ts";
import type { Reading } from "./reading.ts";
import { distinctTexts, isJsonArray, isJsonObject, type JsonObject, textsFromArray } from "./text-list.ts";

/**
 * Where an agency works (R-AREA): `county:X`, `city:Y`, `radius:50mi@lat,lng`, or whatever was written down as text.
 * What is of another shape says nothing, issue AREA_UNREADABLE.
 * @param names the names of its active service areas, which are added.
 */
export function serviceAreaFrom(value: Json, names: readonly string[]): Reading<readonly string[]> {
  const { value: texts, issue } = areaFrom(value);
  return { value: distinctTexts([...texts, ...names]), ...(issue !== undefined && { issue }) };
}

const unreadable: Reading<readonly string[]> = { value: [], issue: "AREA_UNREADABLE" };

function areaFrom(value: Json): Reading<readonly string[]> {
  if (value === null) return { value: [] };
  if (typeof value === "string") return { value: value.split(",") };
  if (isJsonArray(value)) return { value: textsFromArray(value) };
  if (!isJsonObject(value)) return unreadable;
  const parts = [...placesFrom(value), ...radiusFrom(value), ...partsFrom(value)];
  if (parts.length === 0) return unreadable;
  const texts = parts.flatMap((part) => part.value);
  return parts.includes(unreadable) ? { ...unreadable, value: texts } : { value: texts };
}

function placesFrom(value: JsonObject): readonly Reading<readonly string[]>[] {
  if (value["counties"] === undefined && value["cities"] === undefined) return [];
  const counties = namesFrom(value["counties"]).map((name) => `county:${name}`);
  return [{ value: [...counties, ...namesFrom(value["cities"]).map((name) => `city:${name}`)] }];
}

function namesFrom(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return distinctTexts(value.split(","));
  return isJsonArray(value) ? distinctTexts(textsFromArray(value)) : [];
}

function radiusFrom(value: JsonObject): readonly Reading<readonly string[]>[] {
  const { radius, center } = value;
  if (radius === undefined) return [];
  const miles = typeof radius === "string" ? milesFrom(radius) : radius;
  const { value: at } = coordinatesFrom(center ?? null);
  const isWay = typeof miles === "number" && miles >= leastMiles && miles <= mostMiles;
  if (!isWay || !at) return [unreadable];
  return [{ value: [`radius:${miles}mi@${at.latitude},${at.longitude}`] }];
}

const leastMiles = 0.01;
/** More than around the earth. */
const mostMiles = 25_000;

function milesFrom(text: string): number | undefined {
  const [, miles] = /^\s*(\d{1,9}(?:\.\d{1,9})?)\s*(?:mi|miles?)?\s*$/i.exec(text) ?? [];
  return miles === undefined ? undefined : Number(miles);
}

function partsFrom({ primary, secondary }: JsonObject): readonly Reading<readonly string[]>[] {
  return [primary, secondary].flatMap((part) => (part === undefined || part === null ? [] : [areaFrom(part)]));
}

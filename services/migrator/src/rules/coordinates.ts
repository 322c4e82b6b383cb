import type { Json } from "../target/target-tables.ts";
import type { Reading } from "./reading.ts";
import { isJsonArray, isJsonObject } from "./text-list.ts";

/** A point on earth, in degrees (WGS 84). */
export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/**
 * A place from `{lat, lng}`, `{latitude, longitude}` or `[lat, lng]` (R-COORD). Of another shape, off the earth, or at
 * (0, 0), where the old forms put what they did not know: null, issue COORDINATES_INVALID.
 */
export function coordinatesFrom(value: Json): Reading<Coordinates | null> {
  if (value === null) return { value: null };
  const [latitude, longitude] = pairFrom(value);
  if (typeof latitude !== "number" || typeof longitude !== "number") return invalid;
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return isOnEarth && (latitude !== 0 || longitude !== 0) ? { value: { latitude, longitude } } : invalid;
}

const invalid: Reading<null> = { value: null, issue: "COORDINATES_INVALID" };

function pairFrom(value: Json): readonly (Json | undefined)[] {
  if (isJsonArray(value)) return value.length === 2 ? value : [];
  if (!isJsonObject(value)) return [];
  return Object.hasOwn(value, "lat") ? [value["lat"], value["lng"]] : [value["latitude"], value["longitude"]];
}

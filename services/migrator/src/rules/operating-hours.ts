import type { Json } from "../target/target-tables.ts";
import type { Reading } from "./reading.ts";
import { isJsonArray, isJsonObject, type JsonObject } from "./text-list.ts";

/** What an agency's hours are if nobody ever said: not round the clock, which would promise service. */
export const unknownHours = "UNKNOWN";

/**
 * When a place is open, as people read it (R-HOURS): `24/7`, `08:00-17:00`, `Mon-Fri 06:00-18:00; Sat 08:00-12:00`.
 * Null if nothing was written down. What is of another shape is told as compact JSON, issue HOURS_UNREADABLE.
 */
export function operatingHoursFrom(value: Json): Reading<string | null> {
  if (value === null) return { value: null };
  if (typeof value === "string") return { value: value.trim() === "" ? null : value.trim() };
  const text = isJsonObject(value) ? textFromObject(value) : undefined;
  return text === undefined ? { value: JSON.stringify(value), issue: "HOURS_UNREADABLE" } : { value: text };
}

function textFromObject(value: JsonObject): string | undefined {
  // With one entry more, such as the days for which they hold, the rest alone would promise too much.
  if (value["open"] === "24/7" && Object.keys(value).length === 1) return "24/7";
  const span = Object.keys(value).length === 2 ? spanFrom(value, ["start", "end"]) : undefined;
  return span ?? textFromWeek(value) ?? textFromParts(value);
}

/** `HH:MM-HH:MM`; undefined if one of them is not a time. */
function spanFrom(value: JsonObject, [from, to]: readonly [string, string]): string | undefined {
  const [start, end] = [timeFrom(value[from]), timeFrom(value[to])];
  return start === undefined || end === undefined ? undefined : `${start}-${end}`;
}

const timePattern = /^(\d{1,2}):(\d{2})(?::\d{2})?(?:\s*([ap])\.?m\.?)?$/i;

function timeFrom(value: Json | undefined): string | undefined {
  const match = typeof value === "string" ? timePattern.exec(value.trim()) : null;
  if (!match) return undefined;
  const [, hourText = "", minutes = "", half] = match;
  const hour = half === undefined ? Number(hourText) : hourFromHalf(Number(hourText), half.toLowerCase());
  return hour > 24 || Number(minutes) > 59 ? undefined : `${String(hour).padStart(2, "0")}:${minutes}`;
}

/** Of twelve hours before or after noon; a number that is no hour if it is none of them. */
function hourFromHalf(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return Number.POSITIVE_INFINITY;
  return (hour % 12) + (half === "p" ? 12 : 0);
}

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

const fullNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

function dayFrom(name: string): number {
  const wanted = name.toLowerCase();
  return fullNames.findIndex((full) => wanted === full || wanted === full.slice(0, 3));
}

/** Days that are null, or say `closed`, are not told; everything else that is no day, or one twice, spoils the week. */
function textFromWeek(value: JsonObject): string | undefined {
  const entries = Object.entries(value).map(([name, hours]) => ({ day: dayFrom(name), hours: hoursFrom(hours) }));
  const isTwice = new Set(entries.map(({ day }) => day)).size < entries.length;
  if (isTwice || entries.length === 0 || entries.some(({ day, hours }) => day < 0 || hours === undefined))
    return undefined;
  const week = days.map((_, day) => entries.find((entry) => entry.day === day)?.hours ?? closed);
  if (week.every((hours) => hours === "00:00-23:59")) return "24/7";
  return foldedWeek(week);
}

const closed = "";

function hoursFrom(value: Json): string | undefined {
  if (value === null) return closed;
  if (!isJsonObject(value)) return undefined;
  if (value["closed"] === true) return closed;
  return spanFrom(value, ["start", "end"]) ?? spanFrom(value, ["open", "close"]);
}

/** Neighbouring days of equal hours are told as one, such as Mon-Fri. */
function foldedWeek(week: readonly string[]): string | undefined {
  const runs: { first: number; last: number; hours: string }[] = [];
  for (const [day, hours] of week.entries()) {
    const run = runs.at(-1);
    if (run?.hours === hours) run.last = day;
    else runs.push({ first: day, last: day, hours });
  }
  const open = runs.filter(({ hours }) => hours !== closed);
  if (open.length === 0) return undefined;
  return open.map(({ first, last, hours }) => `${dayNames(first, last)} ${hours}`).join("; ");
}

function dayNames(first: number, last: number): string {
  return first === last ? `${days[first]}` : `${days[first]}-${days[last]}`;
}

/** `{primary: {days, hours}, secondary: {days, hours}}`, either of them alone, too. */
function textFromParts({ primary, secondary, ...rest }: JsonObject): string | undefined {
  const parts = [primary, secondary].filter((part) => part !== undefined && part !== null).map(textFromPart);
  if (parts.length === 0 || parts.includes(undefined) || Object.keys(rest).length > 0) return undefined;
  return parts.join("; ");
}

function textFromPart(part: Json): string | undefined {
  if (!isJsonObject(part)) return undefined;
  const { days: when = null, hours = null } = part;
  const named = (isJsonArray(when) ? when : [when]).map(textFrom);
  const said = textFrom(hours);
  if (named.length === 0 || named.includes(undefined) || said === undefined) return undefined;
  return `${named.join(", ")} ${said}`;
}

function textFrom(value: Json): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

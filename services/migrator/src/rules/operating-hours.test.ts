import { describe, expect, it } from "@jest/globals";
import type { Json } from "../target/target-tables.ts";
import { operatingHoursFrom } from "./operating-hours.ts";

const day = { start: "06:00", end: "18:00" };
const weekdays = { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day };
const round = { open: "00:00", close: "23:59" };
const everyDay = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const roundTheClock = Object.fromEntries(everyDay.map((name) => [name, round]));

describe("R-HOURS", () => {
  it.each<[string, Json, string | null]>([
    ["null", null, null],
    ["no text", "", null],
    ["blank text", "   ", null],
    ["text", " 24/7 ", "24/7"],
    ["other text", "Mon-Fri 8-5", "Mon-Fri 8-5"],
    ["always open", { open: "24/7" }, "24/7"],
    ["start and end", { start: "06:00", end: "18:30" }, "06:00-18:30"],
    ["times of one digit", { start: "6:00", end: "18:00:00" }, "06:00-18:00"],
    ["times of twelve hours", { start: "12:15 AM", end: "12:30pm" }, "00:15-12:30"],
    ["times after noon", { start: "7:00 am", end: "11:59 PM" }, "07:00-23:59"],
    ["round the clock without days", { start: "00:00", end: "23:59" }, "00:00-23:59"],
    ["equal days", weekdays, "Mon-Fri 06:00-18:00"],
    ["days out of order", { Sunday: day, MONDAY: day, tue: day }, "Mon-Tue 06:00-18:00; Sun 06:00-18:00"],
    [
      "days that differ",
      { ...weekdays, wednesday: { open: "08:00", close: "12:00" }, saturday: day },
      "Mon-Tue 06:00-18:00; Wed 08:00-12:00; Thu-Sat 06:00-18:00",
    ],
    ["closed days", { ...weekdays, saturday: null, sunday: { closed: true } }, "Mon-Fri 06:00-18:00"],
    ["a day alone", { sunday: day }, "Sun 06:00-18:00"],
    ["every day round the clock", roundTheClock, "24/7"],
    ["five days round the clock", { monday: round, tuesday: round }, "Mon-Tue 00:00-23:59"],
    [
      "primary and secondary hours",
      {
        secondary: { days: "Sat", hours: "8:00 AM - 12:00 PM" },
        primary: { days: "Mon-Fri", hours: "6:00 AM - 6:00 PM" },
      },
      "Mon-Fri 6:00 AM - 6:00 PM; Sat 8:00 AM - 12:00 PM",
    ],
    ["primary hours alone", { primary: { days: ["Mon", "Wed"], hours: "9-5" }, secondary: null }, "Mon, Wed 9-5"],
  ])("reads %s", (_what, value, expected) => {
    expect(operatingHoursFrom(value)).toEqual({ value: expected });
  });

  it.each<[string, Json]>([
    ["a list", ["06:00", "18:00"]],
    ["a number", 24],
    ["a flag", true],
    ["an empty object", {}],
    ["start without end", { start: "06:00" }],
    ["no time", { start: "dawn", end: "dusk" }],
    ["hours that do not exist", { start: "25:00", end: "26:00" }],
    ["minutes that do not exist", { start: "06:60", end: "18:00" }],
    ["thirteen o'clock after noon", { start: "13:00 PM", end: "18:00" }],
    ["start and end on certain days", { start: "06:00", end: "18:00", days: ["Mon"] }],
    ["open and close without days", { open: "08:00", close: "17:00" }],
    ["a day that is none", { monday: day, holiday: day }],
    ["a day without times", { monday: "06:00-18:00" }],
    ["a day with half a time", { monday: { open: "06:00" } }],
    ["nothing but closed days", { monday: null, tuesday: { closed: true } }],
    ["primary hours without days", { primary: { hours: "9-5" } }],
    ["a primary text", { primary: "9-5" }],
    ["primary hours beside something else", { primary: { days: "Mon", hours: "9-5" }, note: "x" }],
  ])("tells %s as JSON, and says so", (_what, value) => {
    expect(operatingHoursFrom(value)).toEqual({ value: JSON.stringify(value), issue: "HOURS_UNREADABLE" });
  });
});

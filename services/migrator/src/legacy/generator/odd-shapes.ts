import type { Json } from "../../target/target-tables.ts";

// Every shape in which the old application, its scripts and its forms left JSON.

const week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

function wholeWeek(hours: Json): Readonly<Record<string, Json>> {
  return Object.fromEntries(week.map((day) => [day, hours]));
}

/** Opening hours (R-HOURS). */
export const oddHours: readonly Json[] = [
  null,
  "",
  "  Mon-Fri 08:00-17:00 ",
  "24/7",
  { open: "24/7" },
  { start: "06:00", end: "22:00" },
  { start: "6:00 AM", end: "10:30 PM" },
  wholeWeek({ start: "00:00", end: "23:59" }),
  wholeWeek({ open: "07:00", close: "19:00" }),
  { ...wholeWeek({ start: "08:00", end: "18:00" }), saturday: { start: "09:00", end: "13:00" }, sunday: null },
  { ...wholeWeek({ start: "08:00", end: "18:00" }), sunday: { closed: true } },
  {
    primary: { days: "Mon-Fri", hours: "6:00 AM - 6:00 PM" },
    secondary: { days: "Sat-Sun", hours: "8:00 AM - 4:00 PM" },
  },
  { primary: { days: ["Mon", "Tue"], hours: "6:00 AM - 6:00 PM" } },
  { start: "08:00", end: "17:00", timezone: "America/New_York" },
  { holidays: "by appointment" },
  ["Mon-Fri", "08:00-17:00"],
  24,
];

/** Capabilities (R-CAPS). */
export const oddCapabilities: readonly Json[] = [
  null,
  "",
  "BLS, ALS,, bls ",
  [],
  ["Oxygen", "  Stretcher ", "oxygen", "", null, 7],
  [{ name: "Ventilator" }, { label: "Bariatric" }, { code: "IABP" }, { id: 4 }],
  { transportLevels: ["BLS", "ALS"], specialServices: ["Neonatal"], equipment: ["Infusion pump"] },
  { specialEquipment: "Monitor, Suction", specialCapabilities: ["Bariatric"] },
  { oxygen: true, ventilator: false, bariatric: null, stretchers: 2 },
  { transportLevels: null },
  true,
  3,
];

/** Where an agency works (R-AREA). */
export const oddAreas: readonly Json[] = [
  null,
  "",
  "Blair County, Cambria County",
  { counties: ["Alder", "Birch"], cities: ["Cedarford"] },
  { counties: "Fern, Glen" },
  { radius: 50, center: { lat: 40.52, lng: -78.39 } },
  { radius: "35 miles", center: [40.1, -78.2] },
  { radius: 20 },
  { primary: { counties: ["Hazel"] }, secondary: { cities: ["Ironton", "Kettlevale"] } },
  ["Alder County", "Birch County", "alder county"],
  { states: ["PA"] },
  42,
];

/** Where a place is (R-COORD). */
export const oddCoordinates: readonly Json[] = [
  null,
  { lat: 40.512_345, lng: -78.401_234 },
  { latitude: 40.6, longitude: -78.5 },
  [40.7, -78.6],
  { lat: 0, lng: 0 },
  { lat: 140.5, lng: -78.4 },
  { lat: 40.5, lng: -278.4 },
  { lat: "40.5", lng: "-78.4" },
  [40.5],
  "40.5,-78.4",
];

/** What agencies ask for. */
export const oddPrices: readonly Json[] = [
  null,
  { baseRate: 450, mileageRate: 12.5 },
  { BLS: { base: 300 }, ALS: { base: 550.75 } },
  [{ level: "CCT", amount: "1,200.00" }],
  "on request",
];

/** Text that trips over what reads or writes it carelessly. */
export const oddTexts: readonly string[] = [
  "",
  " ",
  "back\\slash, \\N and \\.",
  "a tab\tand a line\nand another\r\nend",
  'He said "no", she said \'why?\'; drop table "User";--',
  "naïve façade – 救護車 🚑",
  '{"json": [1, null]}',
  "x".repeat(5_000),
];

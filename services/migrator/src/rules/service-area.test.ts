import { describe, expect, it } from "@jest/globals";
import type { Json } from "../target/target-tables.ts";
import { serviceAreaFrom } from "./service-area.ts";

describe("R-AREA", () => {
  it.each<[string, Json, readonly string[]]>([
    ["null", null, []],
    ["no text", "", []],
    ["text with commas", "Blair, Cambria,", ["Blair", "Cambria"]],
    ["entries", ["Blair", "county:Cambria", "blair"], ["Blair", "county:Cambria"]],
    ["no entries", [], []],
    ["counties", { counties: ["Blair", " Centre "] }, ["county:Blair", "county:Centre"]],
    ["counties as text", { counties: "Blair, Centre" }, ["county:Blair", "county:Centre"]],
    ["named counties", { counties: [{ name: "Blair" }] }, ["county:Blair"]],
    ["cities before counties", { cities: ["Altoona"], counties: ["Blair"] }, ["county:Blair", "city:Altoona"]],
    [
      "a county and a city of one name",
      { counties: ["Bedford"], cities: ["Bedford"] },
      ["county:Bedford", "city:Bedford"],
    ],
    ["no counties", { counties: [] }, []],
    ["a circle", { radius: 50, center: { lat: 40.5, lng: -78.4 } }, ["radius:50mi@40.5,-78.4"]],
    ["a circle as text", { radius: "25 miles", center: [40, -78] }, ["radius:25mi@40,-78"]],
    [
      "a primary and a secondary area",
      { secondary: { counties: ["Bedford"] }, primary: { counties: ["Blair"], cities: ["Altoona"] } },
      ["county:Blair", "city:Altoona", "county:Bedford"],
    ],
    ["a primary area alone", { primary: { counties: ["Blair"] }, secondary: null }, ["county:Blair"]],
    ["areas that are lists", { primary: ["Blair"], secondary: "Bedford, Fulton" }, ["Blair", "Bedford", "Fulton"]],
    [
      "a circle and counties",
      { counties: ["Blair"], radius: 10, center: [40, -78] },
      ["county:Blair", "radius:10mi@40,-78"],
    ],
  ])("reads %s", (_what, value, expected) => {
    expect(serviceAreaFrom(value, [])).toEqual({ value: expected });
  });

  it.each<[string, Json, readonly string[]]>([
    ["a hospital in disguise", { type: "hospital", facilityId: "f1" }, []],
    ["an empty object", {}, []],
    ["a number", 7, []],
    ["a flag", true, []],
    ["a circle around nothing", { radius: 50 }, []],
    ["a circle around what is nowhere", { radius: 50, center: { lat: 0, lng: 0 } }, []],
    ["a circle of no size", { radius: "wide", center: [40, -78] }, []],
    ["a circle of size 0", { radius: 0, center: [40, -78] }, []],
    ["a circle that is missing beside counties", { counties: ["Blair"], radius: 50 }, ["county:Blair"]],
    [
      "a primary area of no known shape",
      { primary: { zone: 1 }, secondary: { cities: ["Altoona"] } },
      ["city:Altoona"],
    ],
  ])("says so of %s", (_what, value, expected) => {
    expect(serviceAreaFrom(value, [])).toEqual({ value: expected, issue: "AREA_UNREADABLE" });
  });

  it("adds the names of active service areas, each once", () => {
    expect(serviceAreaFrom({ counties: ["Blair"] }, ["North", " COUNTY:blair ", "North", ""]).value).toEqual([
      "county:Blair",
      "North",
    ]);
  });

  it("keeps the names where the rest says nothing", () => {
    expect(serviceAreaFrom(7, ["North"])).toEqual({ value: ["North"], issue: "AREA_UNREADABLE" });
  });
});

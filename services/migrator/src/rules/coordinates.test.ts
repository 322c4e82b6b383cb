import { describe, expect, it } from "@jest/globals";
import type { Json } from "../target/target-tables.ts";
import { coordinatesFrom } from "./coordinates.ts";

const altoona = { latitude: 40.5187, longitude: -78.3947 };

describe("R-COORD", () => {
  it.each<[string, Json, unknown]>([
    ["lat and lng", { lat: 40.5187, lng: -78.3947 }, altoona],
    ["latitude and longitude", { latitude: 40.5187, longitude: -78.3947 }, altoona],
    ["a pair", [40.5187, -78.3947], altoona],
    ["more than that", { lat: 40.5187, lng: -78.3947, accuracy: 5 }, altoona],
    ["the equator", { lat: 0, lng: 9.5 }, { latitude: 0, longitude: 9.5 }],
    ["the first meridian", [51.5, 0], { latitude: 51.5, longitude: 0 }],
    ["the ends of the earth", [-90, 180], { latitude: -90, longitude: 180 }],
  ])("reads %s", (_what, value, expected) => {
    expect(coordinatesFrom(value)).toEqual({ value: expected });
  });

  it("makes nothing of nothing, and has nothing to say about it", () => {
    expect(coordinatesFrom(null)).toEqual({ value: null });
  });

  it.each<[string, Json]>([
    ["(0, 0)", { lat: 0, lng: 0 }],
    ["(0, 0) as a pair", [0, -0]],
    ["too far north", { lat: 90.01, lng: 0 }],
    ["too far south", { lat: -90.01, lng: 0 }],
    ["too far east", [10, 180.5]],
    ["too far west", [10, -180.5]],
    ["texts", { lat: "40.5", lng: "-78.4" }],
    ["half of it", { lat: 40.5 }],
    ["one of each kind", { lat: 40.5, longitude: -78.4 }],
    ["three numbers", [40.5, -78.4, 300]],
    ["one number", [40.5]],
    ["a text", "40.5,-78.4"],
    ["a number", 40.5],
    ["an empty object", {}],
    ["missing numbers", { lat: null, lng: null }],
  ])("drops %s, and says so", (_what, value) => {
    expect(coordinatesFrom(value)).toEqual({ value: null, issue: "COORDINATES_INVALID" });
  });
});

import { describe, expect, it } from "@jest/globals";
import { assertEtag, etagOf, versionFromEtag } from "./etag.ts";

describe("an etag", () => {
  it("is the same for the same version, however the version is kept", () => {
    expect(etagOf(7)).toBe(etagOf(7n));
    expect(etagOf(7)).not.toBe(etagOf(8));
  });

  it("lets a caller through who has seen the last change, or who does not care", () => {
    expect(() => assertEtag(etagOf(7), 7)).not.toThrow();
    expect(() => assertEtag("", 7)).not.toThrow();
  });

  it.each(["7", '"6"', '"8"', 'W/"7"', "*"])("refuses every other: %s", (etag) => {
    expect(() => assertEtag(etag, 7)).toThrow("has changed");
  });

  it("tells a copy its version, if another service has made it", () => {
    expect(versionFromEtag(etagOf(7))).toBe(7);
    for (const etag of ["", "7", 'W/"7"', '"seven"', '"-7"']) expect(versionFromEtag(etag)).toBeUndefined();
  });
});

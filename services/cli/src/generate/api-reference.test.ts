import { describe, expect, it } from "@jest/globals";
import { projectRoot } from "../project-root.ts";
import { apiReference, staleApiReference } from "./api-reference.ts";

describe("the API reference", () => {
  it("is what the protos say", async () => {
    expect(await staleApiReference(projectRoot)).toEqual([]);
  });

  it("tells of a method who may call it, what it wants and what it answers", async () => {
    const pages = await apiReference(projectRoot);
    const [, createTrip = ""] =
      /### TripService\.CreateTrip\n(.*?)\n### /s.exec(pages.get("docs/api/hospital.md") ?? "") ?? [];
    expect(createTrip).toContain("*May call:* HOSPITAL (DISPATCHER or ORG_ADMIN), CENTER (DISPATCHER or ORG_ADMIN).");
    expect(createTrip).toContain(
      "| `special_requirements` | string | Free text. Treated as patient data. `maxLen 2000` |",
    );
    expect(createTrip).toContain("| `trip` | [Trip](common.md#trip) |  |");
    expect(createTrip).toContain("*Rule:* origin and destination must differ.");
  });

  it("tells an event's subject", async () => {
    const pages = await apiReference(projectRoot);
    expect(pages.get("docs/api/events.md")).toContain("Subject `evt.hospital.trip.<trip id>.released`.");
  });
});

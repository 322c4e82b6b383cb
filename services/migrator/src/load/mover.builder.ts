import { noOverrides } from "../directory/overrides.ts";
import { runMove } from "./run-move.ts";

// Moves in a process of its own, which a test may kill: node mover.builder.ts SOURCE HOSPITAL EMS CENTER
const [sourceUrl = "", hospital = "", ems = "", center = ""] = process.argv.slice(2);
await runMove({
  sourceUrl,
  siloUrls: { hospital, ems, center },
  ...{ rolePolicy: "evidence", strict: false, overrides: noOverrides, dryRun: false, maxQuarantine: 1 },
  signal: new AbortController().signal,
  // The same for all, so that what comes of them can be compared.
  clock: () => new Date("2026-03-01T00:00:00Z"),
  onProgress: () => undefined,
});

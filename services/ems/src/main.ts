import { runService } from "#platform/silo/run-service.ts";
import { readEmsConfig } from "./config.ts";
import { startEms } from "./ems.ts";

await runService(() => startEms(readEmsConfig(process.env)));

import { runService } from "#platform/silo/run-service.ts";
import { startCenter } from "./center.ts";
import { readCenterConfig } from "./config.ts";

await runService(() => startCenter(readCenterConfig(process.env)));

import { runService } from "#platform/silo/run-service.ts";
import { readHospitalConfig } from "./config.ts";
import { startHospital } from "./hospital.ts";

await runService(() => startHospital(readHospitalConfig(process.env)));

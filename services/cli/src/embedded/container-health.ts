import { askHealth } from "./service-health.ts";

// What docker-compose.yml runs to know whether a service does its work: `node container-health.ts host:port`.
const [, , address = ""] = process.argv;
process.exitCode = (await askHealth(address)) === "SERVING" ? 0 : 1;

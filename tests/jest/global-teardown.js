// Jest takes its hooks as default exports only; the hook itself lives with the servers that it ends.
export { endTestServers as default } from "../../services/platform/testing/global-teardown.ts";

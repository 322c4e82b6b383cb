import { gatherProtos } from "../../services/cli/src/generate/gather-protos.ts";

// Jest takes its hooks as default exports only. Clients that we did not write load our protos with everything that
// they import, and a fresh clone has not gathered that yet.
export default () => gatherProtos(process.cwd());

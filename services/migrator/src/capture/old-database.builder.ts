import type { SiloClients } from "../cutover/close-silos.ts";
import { serviceNames } from "#platform/service-name.ts";
import { createWorkSchema } from "../work/work-schema.ts";

/** What a run that has copied everything keeps in the silos. */
export async function createWorkTables(silos: SiloClients): Promise<void> {
  for (const service of serviceNames) await createWorkSchema(silos[service], service);
  await silos.center.query(
    `insert into migration.run (batch_id, phase, started_at, options, overrides)
     values ('b', 'VERIFIED', now(), '{"rolePolicy": "evidence", "strict": false}', '{"users": [], "facilities": []}')`,
  );
}

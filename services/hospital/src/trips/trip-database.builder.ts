import { type Database, openDatabase } from "#platform/database/database.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { createUnitOfWork, type UnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations } from "../../migrations/migrations.ts";
import { hospitalEntities } from "../entities.ts";
import { aPlace } from "./trip.builder.ts";
import { recordTripChange } from "./trip.events.ts";
import type { TripChange } from "./trip.ts";

/** A database with the facilities between which the builders' trips go, and the store's own ways to it. */
export interface TripDatabase extends AsyncDisposable {
  readonly database: Database;
  /** Its clock stands at what was given. */
  readonly unitOfWork: UnitOfWork;
  /** Saves changes one after the other, each with its event. */
  save(...changes: readonly TripChange[]): Promise<void>;
}

/** Makes a migrated database, without the service. @param now where the clock stands. */
export async function openTripDatabase(now: () => Date): Promise<TripDatabase> {
  await using parts = new AsyncDisposableStack();
  const { log } = createMemoryLog("hospital");
  const postgres = parts.use(await startTestPostgres());
  const { ownerUrl, appUrl, appRole } = await postgres.createDatabase("trips");
  await migrate({ ownerUrl, appRole, migrations, log });
  const opened = await openDatabase({ url: appUrl, service: "hospital", entities: hospitalEntities, log });
  const database = parts.adopt(opened, (it) => it.close());
  const unitOfWork = createUnitOfWork({ database, service: "hospital", clock: now, newId });
  await database.transaction(async (tx) => {
    for (const { facilityId, hospitalId } of places) {
      await tx.execute(
        `insert into facility (id, hospital_id, name, type, address, city, state, zip_code, county, capabilities, active,
           version, created_at, updated_at)
         values (?, ?, ?, 'HOSPITAL', '', ?, ?, '', ?, '{}', true, 1, now(), now())`,
        [facilityId, hospitalId, aPlace().name, aPlace().city, aPlace().state, aPlace().county],
      );
    }
  });
  const owned = parts.move();
  return {
    database,
    unitOfWork,
    save: async (...changes) => {
      for (const change of changes) await unitOfWork.system("test", (work) => recordTripChange(work, change));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const places = [
  { facilityId: "facility-origin", hospitalId: "mercy" },
  { facilityId: "facility-destination", hospitalId: "general" },
  { facilityId: "facility-new", hospitalId: "mercy" },
];

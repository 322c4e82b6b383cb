import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Database } from "#platform/database/database.ts";
import { SharedLook } from "#platform/feed/shared-look.ts";
import { AgencyEntity } from "../agencies/agency.entity.ts";
import { type AgencyId, countiesServed } from "../agencies/agency.ts";
import { UnitEntity } from "../units/unit.entity.ts";
import { levelsServedBy } from "../units/unit-type.ts";
import type { AgencyScope, OwnAnswers } from "./board-trip.ts";

/** An agency that looks at the board. */
export interface Viewer {
  readonly scope: AgencyScope;
  readonly answers: OwnAnswers;
}

/** Tells what an agency sees on the board; one that we do not know, or that does not take part, sees nothing. */
export type FindViewer = (agencyId: string) => Promise<Viewer>;

const maxAgeMs = 1_000;
const nobody: Viewer = {
  scope: { counties: [], levels: [] },
  answers: { bidIds: new Map(), declined: new Set() },
};

/** Makes what tells what an agency sees: read once a second for all of its people, and for many agencies together. */
export function createFindViewer(database: Database): FindViewer {
  const viewers = new SharedLook<Viewer>({ maxAgeMs, load: (ids) => loadViewers(database.fork(), ids) });
  return async (agencyId) => (await viewers.get(agencyId)) ?? nobody;
}

async function loadViewers(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, Viewer>> {
  const scopes = await scopesOf(em, ids);
  const answers = await answersOf(em, [...scopes.keys()]);
  return new Map([...scopes].map(([id, scope]) => [id, { scope, answers: answers.get(id) ?? nobody.answers }]));
}

/** What is open to those of the agencies that take part. */
async function scopesOf(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, AgencyScope>> {
  const agencies = await em.find(
    AgencyEntity,
    { id: { $in: ids as AgencyId[] }, isActive: true, status: "ACTIVE" },
    { fields: ["id", "serviceArea"], disableIdentityMap: true },
  );
  const units = await em.find(
    UnitEntity,
    { agencyId: { $in: agencies.map(({ id }) => id) }, isActive: true },
    { fields: ["agencyId", "type"], disableIdentityMap: true },
  );
  const unitsOf = Map.groupBy(units, ({ agencyId }) => agencyId);
  return new Map(
    agencies.map(({ id, serviceArea }) => {
      const types = new Set((unitsOf.get(id) ?? []).map(({ type }) => type));
      return [id, { counties: countiesServed(serviceArea), levels: levelsServedBy([...types]) }];
    }),
  );
}

/** What the agencies have said to trips that wait. */
async function answersOf(em: SqlEntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, OwnAnswers>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; agency_id: string; trip_id: string; is_open: boolean }>`
    select b.id, b.agency_id, b.trip_id, b.status = 'PENDING' as is_open
      from bid b
      join trip_copy t on t.id = b.trip_id and t.status = 'PENDING'
     where b.agency_id in (${sql.join(ids)}) and (b.status = 'PENDING' or b.end_reason = 'DECLINED')`.execute(
    em.getKysely(),
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.agency_id)].map(([agencyId, own]) => [
      agencyId,
      {
        bidIds: new Map(own.filter((row) => row.is_open).map((row) => [row.trip_id, row.id])),
        declined: new Set(own.filter((row) => !row.is_open).map((row) => row.trip_id)),
      },
    ]),
  );
}

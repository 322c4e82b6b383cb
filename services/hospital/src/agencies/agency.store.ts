import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { AgencyEntity } from "./agency.entity.ts";

/** What Hospital's own rules need to know of an agency. */
export interface KnownAgency {
  readonly id: string;
  /** It takes part: switched on, and approved. */
  readonly isActive: boolean;
  readonly serviceArea: readonly string[];
}

/** The last that we heard of an agency; undefined if we have not heard of it. */
export async function findAgency(em: SqlEntityManager, id: string): Promise<KnownAgency | undefined> {
  const [agency] = await findAgencies(em, [id]);
  return agency;
}

/** The last that we heard of these agencies; those that we have not heard of are left out. */
export async function findAgencies(em: SqlEntityManager, ids: readonly string[]): Promise<readonly KnownAgency[]> {
  const rows = await em.find(
    AgencyEntity,
    { id: { $in: [...ids] } },
    { fields: ["id", "active", "status", "serviceArea"], disableIdentityMap: true },
  );
  return rows.map(({ id, active, status, serviceArea }) => ({
    id,
    isActive: active && status === "ACTIVE",
    serviceArea,
  }));
}

/** The agencies that take part as EMS told them, by name, and when the newest of it was told. */
export async function listActiveAgencies(em: SqlEntityManager): Promise<{
  readonly messages: readonly Uint8Array[];
  readonly toldAt: Date | undefined;
}> {
  const rows = await em.find(AgencyEntity, {}, { orderBy: { name: "asc", id: "asc" }, disableIdentityMap: true });
  const told = rows.map(({ toldAt }) => toldAt.getTime());
  return {
    messages: rows.filter(({ active, status }) => active && status === "ACTIVE").map(({ message }) => message),
    toldAt: told.length > 0 ? new Date(Math.max(...told)) : undefined,
  };
}

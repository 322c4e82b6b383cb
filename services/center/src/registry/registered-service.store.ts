import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { lockName } from "../name-lock.ts";
import { RegisteredServiceEntity, type RegisteredServiceRow } from "./registered-service.entity.ts";
import type { RegisteredService, RegisteredServiceId, RegisteredServiceType } from "./registered-service.ts";

/** What takes part, by name; of one type, or all. */
export async function listRegisteredServices(
  em: SqlEntityManager,
  type: RegisteredServiceType | undefined,
): Promise<readonly RegisteredService[]> {
  const where = type ? { serviceType: type } : {};
  const rows = await em.find(RegisteredServiceEntity, where, {
    orderBy: { serviceName: "asc" },
    disableIdentityMap: true,
  });
  return rows.map(serviceFromRow);
}

/** The entry with this name. Keeps others from adding or changing it until the transaction ends. */
export async function lockRegisteredServiceByName(tx: Tx, name: string): Promise<RegisteredService | undefined> {
  await lockName(tx, "service", name);
  return findBy(tx, { serviceName: name });
}

/** The entry with this id. Keeps others from adding or changing it until the transaction ends. */
export async function lockRegisteredService(tx: Tx, id: RegisteredServiceId): Promise<RegisteredService | undefined> {
  await lockName(tx, "service", id);
  return findBy(tx, { id });
}

/** Whether another entry has the name already. */
export async function isServiceNameTaken(tx: Tx, name: string, id: RegisteredServiceId): Promise<boolean> {
  return (await tx.count(RegisteredServiceEntity, { serviceName: name, id: { $ne: id } })) > 0;
}

/** Adds or changes an entry. */
export async function saveRegisteredService(
  tx: Tx,
  service: RegisteredService,
  { now, addedBy }: { readonly now: Date; readonly addedBy?: string },
): Promise<void> {
  const columns = {
    serviceName: service.name,
    serviceType: service.type,
    status: service.status,
    address: service.address ?? null,
    lastHeartbeatAt: service.lastHeartbeatTime ?? null,
    metadata: service.release === undefined ? null : { release: service.release },
    version: service.version,
    updatedAt: now,
  };
  if (service.version > 1) {
    await tx.nativeUpdate(RegisteredServiceEntity, { id: service.id }, columns);
    return;
  }
  await tx.insert(RegisteredServiceEntity, {
    ...columns,
    id: service.id,
    addedBy: addedBy ?? null,
    addedAt: now,
    configuration: null,
    createdAt: service.createTime,
    importedAt: null,
  });
}

/** Notes a heartbeat of an instance that has not changed. @returns the entry; undefined if it is new or has changed. */
export async function recordHeartbeat(
  tx: Tx,
  { name, release, now }: { readonly name: string; readonly release: string; readonly now: Date },
): Promise<RegisteredService | undefined> {
  const service = await findBy(tx, { serviceName: name });
  if (service?.status !== "ACTIVE" || service.release !== release) return undefined;
  // Only if nobody has declared it gone meanwhile; then it must come back with an event.
  const noted = await tx.nativeUpdate(
    RegisteredServiceEntity,
    { id: service.id, status: "ACTIVE" },
    { lastHeartbeatAt: now },
  );
  return noted === 0 ? undefined : { ...service, lastHeartbeatTime: now };
}

/** The names of the instances that take part and were last heard of before a time. */
export async function listSilentInstances(em: SqlEntityManager, heardBefore: Date): Promise<readonly string[]> {
  const rows = await em.find(RegisteredServiceEntity, silentSince(heardBefore), {
    fields: ["serviceName"],
    orderBy: { serviceName: "asc" },
    disableIdentityMap: true,
  });
  return rows.map(({ serviceName }) => serviceName);
}

/**
 * The instance with this name if it is still silent; undefined if it was heard of meanwhile. Keeps others from changing
 * it, and its heartbeats waiting, until the transaction ends.
 */
export async function lockSilentInstance(
  tx: Tx,
  name: string,
  heardBefore: Date,
): Promise<RegisteredService | undefined> {
  await lockName(tx, "service", name);
  const row = await tx.findOne(
    RegisteredServiceEntity,
    { ...silentSince(heardBefore), serviceName: name },
    { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
  );
  return row ? serviceFromRow(row) : undefined;
}

function silentSince(heardBefore: Date) {
  return { serviceType: "MESH", status: "ACTIVE", lastHeartbeatAt: { $lt: heardBefore } } as const;
}

async function findBy(tx: Tx, key: { id: string } | { serviceName: string }): Promise<RegisteredService | undefined> {
  const row = await tx.findOne(RegisteredServiceEntity, key, { disableIdentityMap: true });
  return row ? serviceFromRow(row) : undefined;
}

/** The entry of a row. The one place where a row becomes one. */
function serviceFromRow(row: RegisteredServiceRow): RegisteredService {
  const release = row.metadata?.["release"];
  return {
    id: row.id as RegisteredServiceId,
    name: row.serviceName,
    type: row.serviceType,
    status: row.status,
    ...(row.address && { address: row.address }),
    ...(typeof release === "string" && { release }),
    ...(row.lastHeartbeatAt && { lastHeartbeatTime: row.lastHeartbeatAt }),
    version: row.version,
    createTime: row.createdAt,
  };
}

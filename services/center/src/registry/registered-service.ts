import type { Id } from "#platform/id.ts";

/** Identifies what takes part; an agency's entry has the agency's id. */
export type RegisteredServiceId = Id<"RegisteredService">;

/** An instance of our own services, or an agency. */
export type RegisteredServiceType = "MESH" | "EMS_AGENCY";

/** Whether something takes part. */
export type RegisteredServiceStatus = "ACTIVE" | "INACTIVE" | "PENDING";

/** What takes part. */
export interface RegisteredService {
  readonly id: RegisteredServiceId;
  /** Unique. */
  readonly name: string;
  readonly type: RegisteredServiceType;
  readonly status: RegisteredServiceStatus;
  /** host:port; absent for an agency. */
  readonly address?: string;
  /** What the instance runs; absent for an agency. */
  readonly release?: string;
  /** Absent for an agency, which has no heartbeat. */
  readonly lastHeartbeatTime?: Date;
  readonly version: number;
  readonly createTime: Date;
}

/** How often an instance says that it is there. */
export const heartbeatEveryMs = 10_000;
/** An instance not heard of for so long counts as gone: it has missed two heartbeats and half of a third. */
export const aliveWithinMs = 25_000;

/** Whether an instance was heard of lately; an agency is as alive as it is active. */
export function isAlive(service: RegisteredService, now: Date): boolean {
  if (service.type === "EMS_AGENCY") return service.status === "ACTIVE";
  const { lastHeartbeatTime } = service;
  return lastHeartbeatTime !== undefined && now.getTime() - lastHeartbeatTime.getTime() <= aliveWithinMs;
}

/** An instance's unique name: several of one service may run, each at an address of its own. */
export function instanceName(service: string, address: string): string {
  return `${service}@${address}`;
}

import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { AuditFilter } from "./audit-query.ts";

/**
 * What of a search somebody may find: Center's people all of it, those of an organization what its own people did.
 * @throws Refusal ACTION_NOT_ALLOWED if the search is for another organization's.
 */
export function visibleTo({ userType, organizationId }: UserIdentity, filter: AuditFilter): AuditFilter {
  if (userType === "CENTER") return filter;
  const asked = filter.organizationId;
  if (!organizationId || (asked !== undefined && asked !== organizationId)) {
    throw refuse(Reason.ACTION_NOT_ALLOWED, "only what the own organization's people did can be looked at");
  }
  return { ...filter, organizationId, userType };
}

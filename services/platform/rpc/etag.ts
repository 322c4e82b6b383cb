import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse } from "#platform/rpc/refusal.ts";

/** The etag of a record, from the version that every change of it counts up. */
export function etagOf(version: number | bigint): string {
  return `"${version}"`;
}

/**
 * The version in an etag that another service of the mesh made; undefined if there is none. For copies alone: to who
 * calls, an etag says nothing.
 */
export function versionFromEtag(etag: string): number | undefined {
  const digits = /^"([0-9]{1,15})"$/.exec(etag)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Makes sure that the caller has seen the record's last change. An empty etag asks for no such care (AIP-154).
 * @throws Refusal ETAG_MISMATCH.
 */
export function assertEtag(etag: string, version: number | bigint): void {
  if (etag === "" || etag === etagOf(version)) return;
  throw refuse(Reason.ETAG_MISMATCH, "the record has changed since it was read");
}

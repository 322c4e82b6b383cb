import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { DatabaseReferenceSchema } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { siloFromService } from "#platform/auth/principal.ts";
import type { KnownReference } from "./reference.store.ts";

/** A reference as messages carry it. */
export function referenceMessage(reference: KnownReference): MessageInitShape<typeof DatabaseReferenceSchema> {
  const { entityType, entityId, sourceDatabase, referenceType, referenceId, targetDatabase, updateTime } = reference;
  return {
    ...{ entityType, entityId, referenceType, referenceId },
    source: siloFromService(sourceDatabase),
    target: siloFromService(targetDatabase),
    updateTime: timestampFromDate(updateTime),
  };
}

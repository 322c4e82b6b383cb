import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConfigurationSchema } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import type { Configuration } from "./configuration.ts";

/** A setting as messages carry it. */
export function configurationMessage(configuration: Configuration): MessageInitShape<typeof ConfigurationSchema> {
  const { key, value, description, category, updatedBy, version, updateTime } = configuration;
  const etag = etagOf(version);
  return {
    key,
    value,
    description,
    category,
    updatedByUserId: updatedBy,
    etag,
    updateTime: timestampFromDate(updateTime),
  };
}

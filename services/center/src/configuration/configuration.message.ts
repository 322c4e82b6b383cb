import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConfigurationSchema } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import type { Setting } from "./configuration.ts";

/** A setting as messages carry it. */
export function settingMessage(setting: Setting): MessageInitShape<typeof ConfigurationSchema> {
  const { updatedBy, version, updateTime, ...rest } = setting;
  return {
    ...rest,
    updatedByUserId: updatedBy,
    etag: etagOf(version),
    ...(updateTime && { updateTime: timestampFromDate(updateTime) }),
  };
}

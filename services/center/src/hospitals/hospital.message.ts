import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HospitalSchema } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import type { Hospital } from "./hospital.ts";

/** A hospital as messages and events carry it. */
export function hospitalMessage(hospital: Hospital): MessageInitShape<typeof HospitalSchema> {
  const { version, createTime, updateTime, ...rest } = hospital;
  return {
    ...rest,
    etag: etagOf(version),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  };
}

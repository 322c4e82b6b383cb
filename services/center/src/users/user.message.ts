import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { UserSchema } from "#gen/medport/center/v1/user_pb.ts";
import { protoFromRole, protoFromUserType } from "#platform/auth/principal.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { organizationOf, type User } from "./user.ts";

/** An account as messages and events carry it: without its credentials. */
export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { membership, roles, version, tokensValidFrom, createTime, updateTime, ...rest } = user;
  return {
    ...rest,
    userType: protoFromUserType(membership.userType),
    organizationId: organizationOf(membership) ?? "",
    roles: roles.map(protoFromRole),
    etag: etagOf(version),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
    ...(tokensValidFrom && { tokensValidFromTime: timestampFromDate(tokensValidFrom) }),
  };
}

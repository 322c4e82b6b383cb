import { Role as ProtoRole, Silo, UserType as ProtoUserType } from "#gen/medport/policy/v1/principal_pb.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** The kinds of organization a person acts for. */
export const userTypes = ["HOSPITAL", "EMS", "CENTER"] as const;

/** The kind of organization a person acts for, as it stands in tokens, tables and logs. */
export type UserType = (typeof userTypes)[number];

/** What a person may do within the organization, from least to most. */
export const roles = ["viewer", "billing", "dispatcher", "orgAdmin"] as const;

/** One thing a person may do; a person has one or more. */
export type Role = (typeof roles)[number];

const protoUserTypes = {
  HOSPITAL: ProtoUserType.HOSPITAL,
  EMS: ProtoUserType.EMS,
  CENTER: ProtoUserType.CENTER,
} as const satisfies Record<UserType, ProtoUserType>;

const protoRoles = {
  viewer: ProtoRole.VIEWER,
  billing: ProtoRole.BILLING,
  dispatcher: ProtoRole.DISPATCHER,
  orgAdmin: ProtoRole.ORG_ADMIN,
} as const satisfies Record<Role, ProtoRole>;

const silos = {
  hospital: Silo.HOSPITAL,
  ems: Silo.EMS,
  center: Silo.CENTER,
} as const satisfies Record<ServiceName, Silo>;

/** Reads a user type from a token or a row; undefined if there is no such type. */
export function parseUserType(text: string): UserType | undefined {
  return userTypes.find((type) => type === text);
}

/** Reads a role from a token or a row; undefined if there is no such role. */
export function parseRole(text: string): Role | undefined {
  return roles.find((role) => role === text);
}

/** A user type as messages spell it. */
export function protoFromUserType(type: UserType): ProtoUserType {
  return protoUserTypes[type];
}

/** A user type from a message; undefined if unspecified or unknown to this version. */
export function userTypeFromProto(type: ProtoUserType): UserType | undefined {
  return userTypes.find((name) => protoUserTypes[name] === type);
}

/** A role as messages spell it. */
export function protoFromRole(role: Role): ProtoRole {
  return protoRoles[role];
}

/** A role from a message; undefined if unspecified or unknown to this version. */
export function roleFromProto(role: ProtoRole): Role | undefined {
  return roles.find((name) => protoRoles[name] === role);
}

/** A service as messages spell it. */
export function siloFromService(service: ServiceName): Silo {
  return silos[service];
}

/** The service that a message means; undefined if unspecified or unknown to this version. */
export function serviceFromSilo(silo: Silo): ServiceName | undefined {
  return (["hospital", "ems", "center"] as const).find((name) => silos[name] === silo);
}

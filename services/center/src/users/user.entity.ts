import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { Role, UserType } from "#platform/auth/principal.ts";

/** Accounts with their credentials; the guide's User. The password is here and nowhere else. */
export const UserEntity = defineEntity({
  name: "User",
  tableName: "user_account",
  properties: {
    id: p.text().primary(),
    email: p.text().unique("user_account_email_key"),
    passwordHash: p.text().hidden(),
    name: p.text(),
    userType: p.text().$type<UserType>(),
    hospitalId: p.text().nullable(),
    agencyId: p.text().nullable(),
    roles: p.array().$type<Role[]>(),
    isActive: p.boolean(),
    mustChangePassword: p.boolean(),
    tokensValidFrom: p.datetime(3).nullable(),
    version: p.bigint("number"),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of accounts. */
export type UserRow = InferEntity<typeof UserEntity>;

import type { JsonValue } from "@bufbuild/protobuf";
import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyStatus } from "../agencies/agency.ts";

/** Registrations of agencies, which span two silos. The hash of a password is here only while one is under way. */
export const RegistrationEntity = defineEntity({
  name: "Registration",
  tableName: "registration",
  properties: {
    agencyId: p.text().primary(),
    userId: p.text(),
    requestId: p.text().nullable(),
    requestHash: p.blob().nullable(),
    agencyName: p.text(),
    agencyProfile: p.json<JsonValue>(),
    agencyStatus: p.text().$type<Exclude<AgencyStatus, "INACTIVE">>(),
    adminUserId: p.text(),
    adminEmail: p.text(),
    adminName: p.text(),
    adminMustChangePassword: p.boolean(),
    adminPasswordHash: p.text().nullable().hidden(),
    state: p.text().$type<"STARTED" | "COMPLETED" | "GIVEN_UP">(),
    reason: p.text().nullable(),
    problem: p.text().nullable(),
    startedAt: p.datetime(3),
    endedAt: p.datetime(3).nullable(),
  },
  uniques: [{ name: "registration_request_key", properties: ["userId", "requestId"] }],
});

/** One row of registrations. */
export type RegistrationRow = InferEntity<typeof RegistrationEntity>;

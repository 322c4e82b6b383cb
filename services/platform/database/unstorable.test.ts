import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { describe, expect, it } from "@jest/globals";
import { type AuditFilterSchema, ListEntriesRequestSchema } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { CreateAgencyRequestSchema } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { findUnstorable } from "./unstorable.ts";

const lastMoment = { seconds: 253_402_300_799n, nanos: 999_999_999 };
const inFilter = (filter: MessageInitShape<typeof AuditFilterSchema>) =>
  findUnstorable(reflect(ListEntriesRequestSchema, create(ListEntriesRequestSchema, { filter }))).map(
    ({ field, reason }) => [field, reason],
  );

describe("what no database can keep", () => {
  it.each(["\0", "a\0b", "\ud800", "a\udc00"])("is found in text: %j", (userId) => {
    expect(inFilter({ userId })).toEqual([["filter.user_id", "STRING_CHARACTERS"]]);
  });

  it.each([
    { seconds: 253_402_300_800n, nanos: 0 },
    { seconds: -62_135_596_801n, nanos: 0 },
    { seconds: 1n << 60n, nanos: 0 },
    { seconds: 0n, nanos: -1 },
    { seconds: 0n, nanos: 1_000_000_000 },
  ])("is found in times: $seconds s, $nanos ns", (fromTime) => {
    expect(inFilter({ fromTime })).toEqual([["filter.from_time", "TIMESTAMP_RANGE"]]);
  });

  it("is found in lists and maps", () => {
    const profile = { capabilities: ["ALS", "\0"], pricing: { baseFares: { "\0": "1.00" } } };
    const request = create(CreateAgencyRequestSchema, { profile });
    expect(findUnstorable(reflect(CreateAgencyRequestSchema, request)).map(({ field }) => field)).toEqual([
      "profile.capabilities[1]",
      "profile.pricing.base_fares",
    ]);
  });

  it("is nothing else, however odd", () => {
    const filter = { userId: "\u0001\r\n\u{1f691} Ångström", fromTime: { seconds: -62_135_596_800n, nanos: 0 } };
    expect(inFilter({ ...filter, untilTime: lastMoment })).toEqual([]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { Code, ConnectError } from "@connectrpc/connect";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { callerOf } from "#platform/auth/caller.ts";
import type { RecordCall } from "#platform/rpc/interceptors/recording.ts";
import { notFound, reasonOf } from "./refusal.ts";
import { startTestRpc } from "./rpc.builder.ts";

describe("the record of refused calls", () => {
  it("holds what a handler refuses, with the caller and the method, however the handler refused it", async () => {
    const recorded: unknown[] = [];
    const recordCall: RecordCall = async (context, work) => {
      try {
        return await work();
      } catch (error) {
        recorded.push([callerOf(context).user?.userType, context.method.name, reasonOf(error)]);
        throw error;
      }
    };
    await using rpc = await startTestRpc({
      recordCall,
      facilities: {
        getFacility: ({ facilityId }) => {
          throw notFound("facility", facilityId);
        },
        listFacilities: () => Promise.reject(notFound("facility", "f-2")),
      },
    });
    const [client, headers] = [rpc.client(FacilityService), await rpc.headers()];
    const refused = (error: unknown): Code | undefined => (error instanceof ConnectError ? error.code : undefined);
    expect(await client.getFacility({ facilityId: "f-1" }, { headers }).catch(refused)).toBe(Code.NotFound);
    expect(await client.listFacilities({}, { headers }).catch(refused)).toBe(Code.NotFound);
    await client.createFacility({ name: "Mercy" }, { headers }).catch(refused);
    expect(recorded).toEqual([
      ["HOSPITAL", "GetFacility", "RESOURCE_NOT_FOUND"],
      ["HOSPITAL", "ListFacilities", "RESOURCE_NOT_FOUND"],
    ]);
  });
});

import type { ServiceImpl } from "@connectrpc/connect";
import {
  type HospitalDirectoryService,
  ListHospitalsResponseSchema,
  RegisterHospitalResponseSchema,
} from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { hospitalRegistered } from "./hospital.events.ts";
import { hospitalMessage } from "./hospital.message.ts";
import { insertHospital, listHospitals } from "./hospital.store.ts";
import { type HospitalId, registerHospital } from "./hospital.ts";

/** What the service needs. */
export interface HospitalRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.center.v1.HospitalDirectoryService`. */
export function hospitalRpc({ unitOfWork, newId }: HospitalRpcDeps): ServiceImpl<typeof HospitalDirectoryService> {
  return {
    registerHospital(request, context) {
      const { name, address, city, state, zipCode, phone, email } = request;
      const profile = { name, address, city, state, zipCode, ...(phone && { phone }), ...(email && { email }) };
      return unitOfWork.write(context, request, RegisterHospitalResponseSchema, async (work) => {
        const { tx, now } = work;
        const hospital = registerHospital(newId() as HospitalId, profile, now);
        await insertHospital(tx, hospital);
        work.emit(hospitalRegistered(hospital));
        work.touched("hospital", hospital.id);
        return { hospital: hospitalMessage(hospital) };
      });
    },

    listHospitals(request, context) {
      const page = openPage(context, request, {});
      return unitOfWork.read(context, request, ListHospitalsResponseSchema, async ({ tx }) => {
        const found = await listHospitals(tx, { after: placeFromKey(page.after), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        return { hospitals: rows.map(hospitalMessage), nextPageToken };
      });
    },
  };
}

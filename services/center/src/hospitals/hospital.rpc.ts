import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type DisableHospitalRequest,
  DisableHospitalResponseSchema,
  type EnableHospitalRequest,
  EnableHospitalResponseSchema,
  GetHospitalResponseSchema,
  type HospitalDirectoryService,
  HospitalDetailsSchema,
  type HospitalSchema,
  ListHospitalsResponseSchema,
  type RegisterHospitalRequest,
  RegisterHospitalResponseSchema,
  type UpdateHospitalRequest,
  UpdateHospitalResponseSchema,
} from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import type { PasswordHasher } from "../passwords/password.hasher.ts";
import { addFirstAdmin, checkPerson } from "../users/account.creation.ts";
import { fieldRefusal } from "../users/field.refusal.ts";
import { userMessage } from "../users/user.message.ts";
import type { UserId } from "../users/user.ts";
import { hospitalRegistered, hospitalUpdated } from "./hospital.events.ts";
import { hospitalMessage } from "./hospital.message.ts";
import { findHospital, insertHospital, listHospitals, lockHospital, saveHospital } from "./hospital.store.ts";
import {
  activateHospital,
  blankField,
  type Hospital,
  type HospitalChange,
  type HospitalId,
  type HospitalProfile,
  registerHospital,
  updateHospital,
} from "./hospital.ts";

/** What the service needs. */
export interface HospitalRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
}

/** Implements `medport.center.v1.HospitalDirectoryService`. */
export function hospitalRpc(deps: HospitalRpcDeps): ServiceImpl<typeof HospitalDirectoryService> {
  const { unitOfWork } = deps;
  return {
    registerHospital: (request, context) => register(deps, request, context),

    getHospital(request, context) {
      return unitOfWork.read(context, request, GetHospitalResponseSchema, async ({ tx }) => {
        const hospital = await findHospital(tx, request.hospitalId);
        if (!hospital) throw notFound("hospital", request.hospitalId);
        return { hospital: hospitalMessage(hospital) };
      });
    },

    listHospitals(request, context) {
      const { activeOnly, withoutActiveUsers } = request;
      return unitOfWork.read(context, request, ListHospitalsResponseSchema, async ({ tx }) => {
        assertMayAskForUsers(userOf(context), withoutActiveUsers);
        const page = openPage(context, request, { activeOnly, withoutActiveUsers });
        const { limit } = page;
        const after = placeFromKey(page.after);
        const found = await listHospitals(tx, { activeOnly, withoutActiveUsers, after, limit });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        return { hospitals: rows.map(hospitalMessage), nextPageToken };
      });
    },

    updateHospital(request, context) {
      return unitOfWork.write(context, request, UpdateHospitalResponseSchema, (work) => {
        assertOwn(userOf(context), request.hospitalId);
        const wanted = changeFrom(request);
        return change(work, request, (hospital) => updateHospital(hospital, wanted, work.now));
      });
    },

    disableHospital(request, context) {
      return unitOfWork.write(context, request, DisableHospitalResponseSchema, (work) =>
        change(work, request, (hospital) => activateHospital(hospital, false, work.now)),
      );
    },

    enableHospital(request, context) {
      return unitOfWork.write(context, request, EnableHospitalResponseSchema, (work) =>
        change(work, request, (hospital) => activateHospital(hospital, true, work.now)),
      );
    },
  };
}

async function register(
  { unitOfWork, hasher, newId }: HospitalRpcDeps,
  request: RegisterHospitalRequest,
  context: HandlerContext,
) {
  const { admin } = request;
  if (!admin) throw fieldRefusal("admin", "is demanded");
  // A hash takes a quarter of a second, for which no connection to the database must be held.
  const person = await unitOfWork.call(context, () => checkPerson(admin, hasher, "admin."));
  // What is kept to recognize a repeated request is a fast hash of it, which would give the password away.
  const identified = { ...request, admin: { ...admin, password: "" } };
  return unitOfWork.write(context, identified, RegisterHospitalResponseSchema, async (work) => {
    const hospital = registerHospital(newId() as HospitalId, profileFrom(request), work.now);
    await insertHospital(work.tx, hospital);
    work.emit(hospitalRegistered(hospital));
    work.touched("hospital", hospital.id);
    const membership = { userType: "HOSPITAL", organizationId: hospital.id } as const;
    const user = await addFirstAdmin(work, { person, membership, id: newId() as UserId });
    return { hospital: hospitalMessage(hospital), admin: userMessage(user) };
  });
}

/** Changes a hospital and tells the world, unless it is as it should be already. */
async function change(
  work: Work,
  { hospitalId, etag }: UpdateHospitalRequest | DisableHospitalRequest | EnableHospitalRequest,
  decide: (hospital: Hospital) => Hospital,
): Promise<{ hospital: MessageInitShape<typeof HospitalSchema> }> {
  const hospital = await lockHospital(work.tx, hospitalId);
  if (!hospital) throw notFound("hospital", hospitalId);
  assertEtag(etag, hospital.version);
  work.touched("hospital", hospital.id);
  const after = decide(hospital);
  if (after === hospital) return { hospital: hospitalMessage(hospital) };
  await saveHospital(work.tx, after);
  work.emit(hospitalUpdated(after));
  return { hospital: hospitalMessage(after) };
}

function profileFrom({ name, address, city, state, zipCode, phone, email }: RegisterHospitalRequest): HospitalProfile {
  return { name, address, city, state, zipCode, ...(phone && { phone }), ...(email && { email }) };
}

function changeFrom({ details, updateMask }: UpdateHospitalRequest): HospitalChange {
  if (!details) throw fieldRefusal("details", "is demanded");
  const named = maskedFields(HospitalDetailsSchema, updateMask);
  const wanted: HospitalChange = Object.fromEntries([...named].map((field) => [field, details[field]]));
  const blank = blankField(wanted);
  if (blank) throw fieldRefusal(`details.${HospitalDetailsSchema.field[blank].name}`, "must not be empty");
  return wanted;
}

/** Center's people change any hospital, a hospital's admin the own one; another's is as if it were not there. */
function assertOwn({ userType, organizationId }: UserIdentity, hospitalId: string): void {
  if (userType !== "CENTER" && organizationId !== hospitalId) throw notFound("hospital", hospitalId);
}

/** Which organizations have nobody is Center's to know. */
function assertMayAskForUsers({ userType }: UserIdentity, asked: boolean): void {
  if (asked && userType !== "CENTER") throw refuse(Reason.ACTION_NOT_ALLOWED, "only Center asks who has no users");
}

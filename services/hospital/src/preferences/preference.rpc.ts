import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { PreferencesChangedSchema } from "#gen/medport/events/v1/preference_events_pb.ts";
import {
  type AgencyPreferenceSchema,
  ListAvailableAgenciesResponseSchema,
  ListPreferencesResponseSchema,
  type PreferenceService,
  type SetPreferencesRequest,
  SetPreferencesResponseSchema,
} from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import { findAgencies } from "../agencies/agency.store.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { type AvailableAgenciesDeps, listAvailableAgencies } from "./available-agencies.rpc.ts";
import { findRepeated, type Preference, type PreferredAgency, replacePreferences } from "./preference.ts";
import { findPreferences, lockPreferenceList, savePreferences } from "./preference.store.ts";

export interface PreferenceRpcDeps extends AvailableAgenciesDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.hospital.v1.PreferenceService`. */
export function preferenceRpc({
  unitOfWork,
  newId,
  ...deps
}: PreferenceRpcDeps): ServiceImpl<typeof PreferenceService> {
  return {
    listAvailableAgencies: (request, context) =>
      unitOfWork.read(context, request, ListAvailableAgenciesResponseSchema, (work) =>
        listAvailableAgencies(deps, work, { county: request.county, context }),
      ),

    listPreferences: (request, context) =>
      unitOfWork.read(context, request, ListPreferencesResponseSchema, async (work) => {
        const hospitalId = hospitalActedFor(userOf(context), request.hospitalId);
        const preferences = await findPreferences(work.tx, hospitalId);
        return { preferences: preferences.filter(({ isActive }) => isActive).map(messageFromPreference) };
      }),

    setPreferences: (request, context) =>
      unitOfWork.write(context, request, SetPreferencesResponseSchema, async (work) => {
        const hospitalId = hospitalActedFor(userOf(context), "");
        const wanted = wantedFrom(request);
        await assertKnown(work, wanted);
        const list = await setPreferences(work, hospitalId, { wanted, newId });
        return { preferences: list.map(messageFromPreference) };
      }),
  };
}

async function setPreferences(
  work: Work,
  hospitalId: string,
  wish: { readonly wanted: readonly PreferredAgency[]; readonly newId: IdSource },
): Promise<readonly Preference[]> {
  const { tx, now } = work;
  const version = (await lockPreferenceList(tx, hospitalId)) + 1;
  const { list, changed } = replacePreferences(hospitalId, await findPreferences(tx, hospitalId), wish);
  work.touched("preference", hospitalId);
  // The same list again is no change, and the world must not hear of one.
  if (changed.length === 0) return list;
  await savePreferences(tx, hospitalId, { changed, version, now });
  const message = { hospitalId, agencyIds: list.map(({ agencyId }) => agencyId) };
  work.emit({ schema: PreferencesChangedSchema, message, aggregateId: hospitalId, version });
  return list;
}

function wantedFrom({ agencies }: SetPreferencesRequest): readonly PreferredAgency[] {
  const repeated = findRepeated(agencies);
  if (repeated === undefined) return agencies.map(({ agencyId, notes }) => ({ agencyId, notes }));
  throw refuse(Reason.VALIDATION_FAILED, `agency ${repeated} is named more than once`, {
    details: [badRequest([{ field: "agencies", description: "names an agency more than once" }])],
  });
}

async function assertKnown({ tx }: Work, wanted: readonly PreferredAgency[]): Promise<void> {
  const known = new Set(
    (
      await findAgencies(
        tx,
        wanted.map(({ agencyId }) => agencyId),
      )
    ).map(({ id }) => id),
  );
  const unknown = wanted.find(({ agencyId }) => !known.has(agencyId));
  if (unknown) throw notFound("agency", unknown.agencyId);
}

function messageFromPreference(preference: Preference): MessageInitShape<typeof AgencyPreferenceSchema> {
  const { id, hospitalId, agencyId, order, notes } = preference;
  return { id, hospitalId, agencyId, preferenceOrder: order, notes };
}

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
import { assertEtag, etagOf } from "#platform/rpc/etag.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import { findAgencies } from "../agencies/agency.store.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { type AvailableAgenciesDeps, listAvailableAgencies } from "./available-agencies.rpc.ts";
import { findRepeated, type Preference, type PreferredAgency, replacePreferences } from "./preference.ts";
import { findListVersion, findPreferences, lockPreferenceList, savePreferences } from "./preference.store.ts";

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
        const user = userOf(context);
        // Whoever acts for no hospital has no list, and makes none.
        const hasNone = user.userType === "HOSPITAL" && user.organizationId === undefined;
        if (hasNone && request.hospitalId === "") return { preferences: [] };
        const hospitalId = hospitalActedFor(user, request.hospitalId);
        // The version first: with a list that is newer than its etag a caller is refused, and never overwrites it.
        const version = await findListVersion(work.tx, hospitalId);
        const preferences = await findPreferences(work.tx, hospitalId);
        return {
          preferences: preferences.filter(({ isActive }) => isActive).map(messageFromPreference),
          etag: etagOf(version),
        };
      }),

    setPreferences: (request, context) =>
      unitOfWork.write(context, request, SetPreferencesResponseSchema, async (work) => {
        const hospitalId = hospitalActedFor(userOf(context), "");
        const wanted = wantedFrom(request);
        await assertKnown(work, wanted);
        const { list, version } = await setPreferences(work, hospitalId, { wanted, newId, etag: request.etag });
        return { preferences: list.map(messageFromPreference), etag: etagOf(version) };
      }),
  };
}

interface Wish {
  readonly wanted: readonly PreferredAgency[];
  readonly newId: IdSource;
  readonly etag: string;
}

async function setPreferences(
  work: Work,
  hospitalId: string,
  { wanted, newId, etag }: Wish,
): Promise<{ readonly list: readonly Preference[]; readonly version: number }> {
  const { tx, now } = work;
  work.touched("preference", hospitalId);
  const before = await lockPreferenceList(tx, hospitalId);
  assertEtag(etag, before);
  const { list, changed } = replacePreferences(hospitalId, await findPreferences(tx, hospitalId), { wanted, newId });
  // The same list again is no change, and the world must not hear of one.
  if (changed.length === 0) return { list, version: before };
  const version = before + 1;
  await savePreferences(tx, hospitalId, { changed, version, now });
  const message = { hospitalId, agencyIds: list.map(({ agencyId }) => agencyId) };
  work.emit({ schema: PreferencesChangedSchema, message, aggregateId: hospitalId, version });
  return { list, version };
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

import type { Entities } from "#platform/database/database.ts";
import { AgencyEntity } from "./agencies/agency.entity.ts";
import { ConfigurationEntity } from "./configuration/configuration.entity.ts";
import { FacilityEntity } from "./facilities/facility.entity.ts";
import { HospitalEntity } from "./hospitals/hospital.entity.ts";
import { HospitalUserEntity } from "./people/hospital-user.entity.ts";
import { AgencyPreferenceEntity, PreferenceListEntity } from "./preferences/preference.entity.ts";
import { TripClaimEntity } from "./trips/claim.entity.ts";
import { TripEntity, TripHistoryEntity, TripMilestoneEntity } from "./trips/trip.entity.ts";

/** Every table of the silo beside the platform's own. */
export const hospitalEntities: Entities = [
  TripEntity,
  TripMilestoneEntity,
  TripHistoryEntity,
  TripClaimEntity,
  FacilityEntity,
  AgencyPreferenceEntity,
  PreferenceListEntity,
  HospitalEntity,
  HospitalUserEntity,
  AgencyEntity,
  ConfigurationEntity,
];

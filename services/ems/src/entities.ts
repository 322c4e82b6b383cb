import type { Entities } from "#platform/database/database.ts";
import { AgencyEntity } from "./agencies/agency.entity.ts";
import { BidEntity } from "./bids/bid.entity.ts";
import { ConfigurationEntity } from "./configuration/configuration.entity.ts";
import { AssignmentEntity } from "./dispatch/assignment.entity.ts";
import { AgencyUserEntity } from "./people/agency-user.entity.ts";
import { HospitalPreferenceEntity } from "./preferences/preference.entity.ts";
import { RouteEntity } from "./routes/route.entity.ts";
import { TripCopyEntity } from "./trip-copies/trip-copy.entity.ts";
import { UnitAvailabilityEntity, UnitEntity } from "./units/unit.entity.ts";

/** Every table of the silo beside the platform's own. */
export const emsEntities: Entities = [
  AgencyEntity,
  UnitEntity,
  UnitAvailabilityEntity,
  RouteEntity,
  BidEntity,
  AssignmentEntity,
  TripCopyEntity,
  AgencyUserEntity,
  ConfigurationEntity,
  HospitalPreferenceEntity,
];

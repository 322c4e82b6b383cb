import type { Entities } from "#platform/database/database.ts";
import { AgencyEntity, AgencyRegistrationEntity } from "./agencies/agency.entity.ts";
import { MetricEntity } from "./analytics/metric.entity.ts";
import { TripFactEntity } from "./analytics/trip-fact.entity.ts";
import { LoginGuardEntity, RefreshTokenEntity, SessionEntity } from "./auth/session.entity.ts";
import { ConfigurationEntity } from "./configuration/configuration.entity.ts";
import { HospitalEntity } from "./hospitals/hospital.entity.ts";
import { ReferenceEntity } from "./references/reference.entity.ts";
import { RegistrationEntity } from "./registrations/registration.entity.ts";
import { RegisteredServiceEntity } from "./registry/registered-service.entity.ts";
import { EmailReservationEntity } from "./users/email-reservation.entity.ts";
import { UserEntity } from "./users/user.entity.ts";

/** Every table of Center's own that MikroORM maps. */
export const entities: Entities = [
  AgencyEntity,
  AgencyRegistrationEntity,
  ConfigurationEntity,
  EmailReservationEntity,
  HospitalEntity,
  LoginGuardEntity,
  MetricEntity,
  ReferenceEntity,
  RefreshTokenEntity,
  RegisteredServiceEntity,
  RegistrationEntity,
  SessionEntity,
  TripFactEntity,
  UserEntity,
];

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type RegistrationSchema,
  RegistrationState as State,
} from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import type { Registration, RegistrationState } from "./registration.ts";

const states = {
  STARTED: State.STARTED,
  COMPLETED: State.COMPLETED,
  GIVEN_UP: State.GIVEN_UP,
} as const satisfies Record<RegistrationState, State>;

/** The states that a request names; those that this version does not know are left out. */
export function registrationStatesFromProto(messages: readonly State[]): readonly RegistrationState[] {
  return (["STARTED", "COMPLETED", "GIVEN_UP"] as const).filter((state) => messages.includes(states[state]));
}

/** A registration as messages carry it. */
export function registrationMessage(registration: Registration): MessageInitShape<typeof RegistrationSchema> {
  const { agencyId, agencyName, adminEmail, state, startTime } = registration;
  return {
    ...{ agencyId, agencyName, adminEmail },
    state: states[state],
    reason: registration.state === "GIVEN_UP" ? registration.reason : "",
    startTime: timestampFromDate(startTime),
    ...(registration.state !== "STARTED" && { endTime: timestampFromDate(registration.endTime) }),
  };
}

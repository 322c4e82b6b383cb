import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { TripState } from "#gen/medport/events/v1/trip_events_pb.ts";
import {
  Priority,
  type Sla,
  SlaState,
  type TimeWindow,
  TransportLevel,
  TransportStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import {
  priorities,
  type SlaClocks,
  type SlaPromise,
  slaStates,
  transportLevels,
  type TripFact,
  tripStatuses,
} from "./trip-fact.ts";

/**
 * What is counted of a trip, from the state that each of its events carries.
 * @throws Error if the state lacks what every trip has: Hospital and Center do not speak of the same thing.
 */
export function tripFactFromState(state: TripState | undefined, version: number): TripFact {
  const status = tripStatuses.find((name) => TransportStatus[name] === state?.status);
  const transportLevel = transportLevels.find((name) => TransportLevel[name] === state?.transportLevel);
  const priority = priorities.find((name) => Priority[name] === state?.priority);
  const requestTime = dateOf(state?.requestTime);
  if (!state || !status || !transportLevel || !priority || !requestTime) {
    throw new Error("Hospital told of a trip without a status, a level, a priority or a request time");
  }
  const [acceptTime, pickupTime] = [dateOf(state.acceptTime), dateOf(state.pickupTime)];
  const [completionTime, cancelTime] = [dateOf(state.completionTime), dateOf(state.cancelTime)];
  const [window, clocks] = [windowOf(state.pickupWindow), clocksOf(state.sla)];
  return {
    tripId: state.tripId,
    hospitalId: state.hospitalId,
    ...(state.assignedAgencyId !== "" && { agencyId: state.assignedAgencyId }),
    ...(state.assignedUnitId !== "" && { unitId: state.assignedUnitId }),
    status,
    transportLevel,
    priority,
    originCounty: state.origin?.county ?? "",
    requestTime,
    ...(acceptTime && { acceptTime }),
    ...(pickupTime && { pickupTime }),
    ...(completionTime && { completionTime }),
    ...(cancelTime && { cancelTime }),
    ...(window && { window }),
    ...(clocks && { clocks }),
    version,
  };
}

function windowOf(window: TimeWindow | undefined): TripFact["window"] {
  const [start, end] = [dateOf(window?.startTime), dateOf(window?.endTime)];
  return start && end && { start, end };
}

function clocksOf(sla: Sla | undefined): SlaClocks | undefined {
  const startTime = dateOf(sla?.startTime);
  const assign = promiseOf(sla?.assignDueTime, sla?.assignState);
  const pickup = promiseOf(sla?.pickupDueTime, sla?.pickupState);
  if (!startTime || !assign || !pickup) return undefined;
  const pausedSince = dateOf(sla?.pauses.find(({ endTime }) => !endTime)?.startTime);
  return { startTime, assign, pickup, ...(pausedSince && { pausedSince }) };
}

function promiseOf(dueAt: Timestamp | undefined, stood: Sla["assignState"] | undefined): SlaPromise | undefined {
  const dueTime = dateOf(dueAt);
  const state = slaStates.find((name) => SlaState[name] === stood);
  return dueTime && { dueTime, ...(state && { state }) };
}

function dateOf(time: Timestamp | undefined): Date | undefined {
  return time && timestampDate(time);
}

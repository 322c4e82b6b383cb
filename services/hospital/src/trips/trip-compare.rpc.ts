import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type {
  CompareTripsRequest,
  CompareTripsResponseSchema,
  TripDifferenceSchema,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { type Moment, momentFromKey, openPage } from "#platform/rpc/page.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { TripActor } from "./trip-actor.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { pastTime, relationThen } from "./trip-as-of.ts";
import { differingFields } from "./trip-compare.message.ts";
import { findChangedTrips, readTripCourses, type Span, type TripCourse } from "./trip-compare.store.ts";
import { loadSeenTrips } from "./trip-list.store.ts";
import { messageFromHistoryLine, messageFromTrip } from "./trip.message.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { seesPatientData, type TripRelation } from "./trip-scope.ts";
import { type SeenTrip, seeTrip } from "./trip-sight.store.ts";

type Answer = MessageInitShape<typeof CompareTripsResponseSchema>;
type Difference = MessageInitShape<typeof TripDifferenceSchema>;

/** Answers one page of CompareTrips: how trips differ between two times, as far as the caller may see them. */
export async function compareTripsPage(
  work: Work,
  request: CompareTripsRequest,
  context: HandlerContext,
): Promise<Answer> {
  const { tripId } = request;
  const span = spanOf(request, work.now);
  const actor = await tripActorOf(work);
  if (tripId !== "") {
    const seen = await seeTrip(work, tripId, actor);
    return { differences: await differencesOf(work, actor, span, [seen]) };
  }
  const page = openPage(context, request, span);
  const after = momentFromKey(page.after);
  const found = await findChangedTrips(work.tx, actor, span, { limit: page.limit, ...(after && { after }) });
  const { rows, nextPageToken } = page.end(found.places, keyOf, found.until && keyOf(found.until));
  const seen = await loadSeenTrips(
    work.tx,
    actor,
    rows.map(({ id }) => id),
  );
  const differences = await differencesOf(
    work,
    actor,
    span,
    rows.flatMap(({ id }) => seen.get(id) ?? []),
  );
  return { differences, nextPageToken };
}

function spanOf({ fromTime, untilTime }: CompareTripsRequest, now: Date): Span {
  const from = timeOf(fromTime);
  return { from, until: grantedOrThrow(pastTime("until_time", timeOf(untilTime), now)) };
}

function timeOf(timestamp: Timestamp | undefined): Date {
  if (!timestamp) throw refuse(Reason.VALIDATION_FAILED, "from_time and until_time are demanded");
  return timestampDate(timestamp);
}

function keyOf({ at, id }: Moment): readonly [number, string] {
  return [at.getTime(), id];
}

async function differencesOf(
  work: Work,
  actor: TripActor,
  span: Span,
  seen: readonly SeenTrip[],
): Promise<Difference[]> {
  const courses = await readTripCourses(
    work.tx,
    seen.map(({ trip }) => trip.id),
    span,
  );
  return seen.flatMap(({ trip, relation }) => {
    const course = courses.get(trip.id);
    const difference = course && differenceOf(course, span, { actor, relation });
    if (!difference) return [];
    work.touched("trip", trip.id);
    return [difference];
  });
}

interface Viewer {
  readonly actor: TripActor;
  /** To the trip as it is now. */
  readonly relation: TripRelation;
}

/** Undefined if the viewer could not see the trip at the end of the span. */
function differenceOf(
  { before, changes }: TripCourse,
  { from, until }: Span,
  { actor, relation }: Viewer,
): Difference | undefined {
  const after = changes.at(-1)?.version;
  const nowSeen = after && relationThen(relation, after.trip, actor);
  if (!after || !nowSeen) return undefined;
  const onceSeen = before && relationThen(relation, before.trip, actor);
  // What is hidden at one end is compared at neither: it may not have changed.
  const bothSeen = onceSeen && !seesPatientData(onceSeen) ? onceSeen : nowSeen;
  const compared = before && onceSeen && messageFromTrip(before.trip, bothSeen, from);
  return {
    tripId: after.trip.id,
    ...(before && onceSeen && { before: messageFromTrip(before.trip, onceSeen, from) }),
    after: messageFromTrip(after.trip, nowSeen, until),
    changedFields: [...differingFields(compared, messageFromTrip(after.trip, bothSeen, until))],
    entries: changes.flatMap(({ version, line }) => {
      const seen = relationThen(relation, version.trip, actor);
      return seen ? [messageFromHistoryLine(line, seen)] : [];
    }),
  };
}

import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { TripSchema } from "#gen/medport/transport/v1/trip_pb.ts";

type TripMessage = MessageInitShape<typeof TripSchema>;

/** The paths of Trip in which two messages differ, in the order of their names; all that are set if there is no first. */
export function differingFields(before: TripMessage | undefined, after: TripMessage): readonly string[] {
  const [one, other] = [textsOf(before ?? {}), textsOf(after)];
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].filter((name) => one.get(name) !== other.get(name)).toSorted();
}

function textsOf(trip: TripMessage): ReadonlyMap<string, string> {
  const fields = toJson(TripSchema, create(TripSchema, trip), { useProtoFieldName: true });
  return new Map(Object.entries(fields ?? {}).map(([name, value]) => [name, JSON.stringify(value)]));
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateFacilityRequestSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";

type FacilityRequest = Exclude<MessageInitShape<typeof CreateFacilityRequestSchema>, { readonly $typeName: string }>;

/** A facility in Blair county to be added; name only what the test is about. */
export function aFacilityRequest(over: FacilityRequest = {}): FacilityRequest {
  return {
    name: "A facility",
    type: "HOSPITAL",
    address: "620 Howard Avenue",
    city: "Altoona",
    state: "PA",
    zipCode: "16601",
    county: "Blair",
    ...over,
  };
}

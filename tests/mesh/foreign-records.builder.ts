import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AcceptanceState } from "#gen/medport/ems/v1/bid_pb.ts";
import { RouteType } from "#gen/medport/ems/v1/route_service_pb.ts";
import { AwardPolicy, Priority, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { sampleAgencyNames, sampleHospitalName } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import type { ForeignRecords } from "./foreign-records.table.ts";

interface Stage {
  readonly overseer: MeshOfUser;
  /** Logs the admin of an organization in. */
  readonly logInTo: (organization: string) => Promise<MeshOfUser>;
}

/** Makes one record of each kind, of the sample hospital and the first sample agency. */
export async function arrangeForeignRecords({ overseer, logInTo }: Stage): Promise<ForeignRecords> {
  const hospital = await logInTo(sampleHospitalName);
  const agency = await logInTo(sampleAgencyNames[0]);
  const hidden = await logInTo("Bedford Gap Ambulance");
  await overseer.center.agencies.disableAgency({ agencyId: hidden.user.organizationId });
  const { units } = await agency.ems.units.listUnits({});
  const unit = units.find(({ unitNumber }) => unitNumber === "BV-1")?.id ?? "";
  const { route } = await agency.ems.routes.createRoute({
    name: "Altoona to Johnstown",
    type: RouteType.STANDARD,
    waypoints: [
      { latitude: 40.5, longitude: -78.4 },
      { latitude: 40.3, longitude: -78.9 },
    ],
  });
  const waitingTrip = await createTrip(hospital);
  const assignedTrip = await createTrip(hospital);
  const bid = await bidOn(agency, waitingTrip);
  const won = await bidOn(agency, assignedTrip, unit);
  const { state } = await hospital.ems.bids.acceptBid({ bidId: won });
  if (state !== AcceptanceState.CONFIRMED) throw new Error("the agency did not get the trip");
  return {
    hospital: hospital.user.organizationId,
    agency: agency.user.organizationId,
    hiddenAgency: hidden.user.organizationId,
    ...{ waitingTrip, assignedTrip, bid, unit, route: route?.id ?? "" },
    hospitalPerson: hospital.user.id,
    agencyPerson: agency.user.id,
    centerPerson: overseer.user.id,
  };
}

async function createTrip(hospital: MeshOfUser): Promise<string> {
  const { facilities } = await hospital.hospital.facilities.listFacilities({ pageSize: 500 });
  const origin = facilities.find(({ hospitalId }) => hospitalId === hospital.user.organizationId);
  const destination = facilities.find(({ type }) => type === "REHAB_FACILITY");
  const { trip } = await hospital.hospital.trips.createTrip({
    originFacilityId: origin?.id ?? "",
    destinationFacilityId: destination?.id ?? "",
    transportLevel: TransportLevel.BLS,
    priority: Priority.LOW,
    awardPolicy: AwardPolicy.MANUAL,
    specialRequirements: "window seat",
  });
  return trip?.id ?? "";
}

/** Bids once the agency has heard of the trip. */
function bidOn(agency: MeshOfUser, tripId: string, unitId = ""): Promise<string> {
  return eventually(
    async () => {
      const { bid } = await agency.ems.bids.submitBid({
        ...{ tripId, unitId, amount: "250.00" },
        estimatedArrivalTime: timestampFromDate(new Date(Date.now() + 20 * 60_000)),
        estimatedPickupTime: timestampFromDate(new Date(Date.now() + 30 * 60_000)),
      });
      return bid?.id ?? "";
    },
    { withinMs: 20_000 },
  );
}

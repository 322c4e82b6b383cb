import type { Facility } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { Mesh, MeshOfUser } from "../../../client/connect-mesh.ts";
import { type SampleAccount, sampleAgencyNames, sampleHospitalName } from "../sample/accounts.ts";
import type { Recorder } from "./step.ts";
import { UnitPool } from "./unit-pool.ts";
import { whileOutOfReach } from "../../../client/waiting.ts";

/** An agency in the demonstration: its dispatcher, and the units that can serve a BLS trip. */
export interface AgencyPlayer {
  readonly name: string;
  readonly agencyId: string;
  readonly mesh: MeshOfUser;
  readonly units: UnitPool;
}

/** The people of the demonstration, each logged in with their own account, and the places they speak of. */
export interface Cast {
  readonly coordinator: MeshOfUser;
  readonly overseer: MeshOfUser;
  readonly agencies: readonly [AgencyPlayer, AgencyPlayer];
  readonly origin: Facility;
  readonly destination: Facility;
}

/** Logs everybody in and looks the places up. */
export async function assembleCast(mesh: Mesh, accounts: readonly SampleAccount[], recorder: Recorder): Promise<Cast> {
  const logIn = (actor: string, organization: string): Promise<MeshOfUser> =>
    recorder.step({ story: "log in", name: "log in", actor, silos: ["center"] }, () => {
      const account = accounts.find((candidate) => candidate.organization === organization);
      if (!account) {
        throw new Error(
          `there is no sample account of ${organization}: the sample region is loaded at the first "npm start", ` +
            "and only where all three databases are embedded",
        );
      }
      return whileOutOfReach(() => mesh.login(account.email, account.password));
    });

  const coordinator = await logIn("hospital coordinator", sampleHospitalName);
  const [first, second] = sampleAgencyNames;
  const agencies = [
    await player(first, await logIn("first agency", first)),
    await player(second, await logIn("second agency", second)),
  ] as const;
  const overseer = await logIn("center", "Center");
  const { facilities } = await coordinator.hospital.facilities.listFacilities({ pageSize: 500 });
  const inBlair = facilities.filter((facility) => facility.county === "Blair");
  const origin = inBlair.find((facility) => facility.hospitalId === coordinator.user.organizationId);
  const destination = inBlair.find((facility) => facility.type === "REHAB_FACILITY");
  if (!origin || !destination)
    throw new Error("the sample region's facilities are missing; `npx medport reset` loads it anew");
  return { coordinator, overseer, agencies, origin, destination };
}

const capableOfBls: readonly UnitType[] = [UnitType.BLS, UnitType.ALS, UnitType.CCT];

async function player(name: string, mesh: MeshOfUser): Promise<AgencyPlayer> {
  const { units } = await mesh.ems.units.listUnits({ pageSize: 500 });
  const capable = units.filter((unit) => unit.active && capableOfBls.includes(unit.type)).map((unit) => unit.id);
  return { name, agencyId: mesh.user.organizationId, mesh, units: new UnitPool(capable) };
}

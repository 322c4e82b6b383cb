import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { Mesh, MeshOfUser } from "../../../client/connect-mesh.ts";
import { undefinedIfNotFound, waitFor, whileOutOfReach } from "../../../client/waiting.ts";
import { firstAdminEmail, type SampleAccount } from "./accounts.ts";
import { type RegionAgency, type RegionFacility, readSampleRegion } from "./region.ts";

/** What loading the sample region needs. */
export interface SeedOptions {
  readonly mesh: Mesh;
  /** All sample accounts; the first admin's exists already. */
  readonly accounts: readonly SampleAccount[];
  /** Told what is being loaded, for the person who waits. */
  readonly onProgress: (what: string) => void;
}

const sharedDirectory = "Shared facility directory";

/**
 * Loads the sample region through the services themselves, in the name of Center's first admin. Every call has a
 * request_id made from the name of what it creates, so that a load that was cut off can be repeated from the start.
 */
export async function seedSampleRegion({ mesh, accounts, onProgress }: SeedOptions): Promise<void> {
  const region = await readSampleRegion();
  const admin = await logInAsAdmin(mesh, accounts);
  onProgress(`hospitals and facilities of ${region.region}`);
  const hospitalIds = await registerHospitals(admin, region.facilities);
  await Promise.all(
    region.facilities.map((facility) => createFacility(admin, facility, ownerOf(facility, hospitalIds))),
  );
  onProgress("agencies and their units");
  const agencyIds = new Map(
    await Promise.all(
      region.agencies.map(async (agency) => [agency.name, await registerAgency(admin, agency)] as const),
    ),
  );
  onProgress("accounts");
  const organizationIds = new Map([...hospitalIds, ...agencyIds]);
  for (const account of accounts) {
    if (account.email !== firstAdminEmail) await createAccount(admin, account, organizationIds);
  }
}

async function logInAsAdmin(mesh: Mesh, accounts: readonly SampleAccount[]): Promise<MeshOfUser> {
  const account = accounts.find(({ email }) => email === firstAdminEmail);
  if (!account) throw new Error("the first admin's account is not known");
  return whileOutOfReach(() => mesh.login(account.email, account.password));
}

async function registerHospitals(
  admin: MeshOfUser,
  facilities: readonly RegionFacility[],
): Promise<ReadonlyMap<string, string>> {
  const hospitals = facilities.filter(({ type }) => type === "HOSPITAL");
  const [anchor] = hospitals;
  if (!anchor) throw new Error("the sample region has no hospital");
  // Places without a hospital of their own belong to the directory that all share.
  const shared = { ...anchor, name: sharedDirectory };
  const entries = [...hospitals, shared].map(async ({ name, address, city, state, zipCode, phone }) => {
    const request = { requestId: requestIdOf("hospital", name), name, address, city, state, zipCode, phone };
    const { hospital } = await admin.center.hospitals.registerHospital(request);
    if (!hospital) throw new Error(`registering ${name} was answered without a hospital`);
    return [name, hospital.id] as const;
  });
  return new Map(await Promise.all(entries));
}

function ownerOf(facility: RegionFacility, hospitalIds: ReadonlyMap<string, string>): string {
  const owner = hospitalIds.get(facility.name) ?? hospitalIds.get(sharedDirectory);
  if (!owner) throw new Error(`nobody owns ${facility.name}`);
  return owner;
}

async function createFacility(admin: MeshOfUser, facility: RegionFacility, hospitalId: string): Promise<void> {
  const { coordinates, ...rest } = facility;
  // Hospital learns of a new hospital by an event; until then it does not know the facility's owner.
  await waitFor(`hospital of ${facility.name} in Hospital`, () =>
    undefinedIfNotFound(() =>
      admin.hospital.facilities.createFacility({
        ...rest,
        requestId: requestIdOf("facility", facility.name),
        hospitalId,
        coordinates: { latitude: coordinates.lat, longitude: coordinates.lng },
      }),
    ),
  );
}

async function registerAgency(admin: MeshOfUser, { units, pricing, ...profile }: RegionAgency): Promise<string> {
  const { agency } = await admin.center.agencies.registerAgency({
    requestId: requestIdOf("agency", profile.name),
    profile: {
      ...profile,
      contactName: `Dispatch of ${profile.name}`,
      email: `office@${slugOf(profile.name)}.example`,
      pricing: {
        baseFares: Object.fromEntries(
          Object.entries(pricing.base).map(([level, amount]) => [level, amount.toFixed(2)]),
        ),
        perMile: pricing.perMile.toFixed(2),
      },
    },
  });
  if (!agency) throw new Error(`registering ${profile.name} was answered without an agency`);
  if (agency.status !== ServiceStatus.ACTIVE) throw new Error(`${profile.name} was registered and is not active`);
  await Promise.all(
    units.map(({ unitNumber, type }) =>
      admin.ems.units.createUnit({
        requestId: requestIdOf("unit", unitNumber),
        agencyId: agency.id,
        unitNumber,
        type: UnitType[type],
      }),
    ),
  );
  return agency.id;
}

async function createAccount(
  admin: MeshOfUser,
  account: SampleAccount,
  organizationIds: ReadonlyMap<string, string>,
): Promise<void> {
  const organizationId = organizationIds.get(account.organization);
  if (!organizationId) throw new Error(`the sample region has no ${account.organization}`);
  await admin.center.users.createUser({
    requestId: requestIdOf("user", account.email),
    email: account.email,
    password: account.password,
    name: account.name,
    userType: UserType[account.userType],
    organizationId,
    roles: [Role.DISPATCHER, Role.ORG_ADMIN],
  });
}

/** The same for the same thing in every try, so that a repeated load creates nothing twice. */
function requestIdOf(kind: string, name: string): string {
  return `sample-${kind}-${slugOf(name)}`.slice(0, 64);
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

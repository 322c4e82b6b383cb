import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { Mesh, MeshOfUser } from "../../../client/connect-mesh.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { undefinedIfNotFound, waitFor, whileOutOfReach } from "../../../client/waiting.ts";
import { firstAdminEmail, type SampleAccount, sharedDirectoryName } from "./accounts.ts";
import { type RegionAgency, type RegionFacility, readSampleRegion } from "./region.ts";

/** What loading the sample region needs. */
export interface SeedOptions {
  readonly mesh: Mesh;
  /** All sample accounts; the first admin's exists already. */
  readonly accounts: readonly SampleAccount[];
  /** Told what is being loaded, for the person who waits. */
  readonly onProgress: (what: string) => void;
}

/** So many registrations at once: each hashes a password, and more would only wait for their turn. */
const registrationsAtOnce = 2;

/**
 * Loads the sample region through the services themselves, in the name of Center's first admin: every hospital and every
 * agency with its own first admin. Every call has a request_id made from the name of what it creates, so that a load
 * that was cut off can be repeated from the start; what an earlier version had registered without an admin gets one.
 */
export async function seedSampleRegion({ mesh, accounts, onProgress }: SeedOptions): Promise<void> {
  const region = await readSampleRegion();
  const admin = await logInAsAdmin(mesh, accounts);
  onProgress(`hospitals and facilities of ${region.region}`);
  const hospitalIds = await registerHospitals(admin, region.facilities, accounts);
  await Promise.all(
    region.facilities.map((facility) => createFacility(admin, facility, ownerOf(facility, hospitalIds))),
  );
  onProgress("agencies and their units");
  await atMost(registrationsAtOnce, region.agencies, async (agency) => {
    const agencyId = await registerAgency(admin, agency, accountOf(accounts, agency.name));
    await createUnits(admin, agency, agencyId);
  });
}

async function logInAsAdmin(mesh: Mesh, accounts: readonly SampleAccount[]): Promise<MeshOfUser> {
  const account = accounts.find(({ email }) => email === firstAdminEmail);
  if (!account) throw new Error("the first admin's account is not known");
  return whileOutOfReach(() => mesh.login(account.email, account.password));
}

async function registerHospitals(
  admin: MeshOfUser,
  facilities: readonly RegionFacility[],
  accounts: readonly SampleAccount[],
): Promise<ReadonlyMap<string, string>> {
  const hospitals = facilities.filter(({ type }) => type === "HOSPITAL");
  const [anchor] = hospitals;
  if (!anchor) throw new Error("the sample region has no hospital");
  // Places without a hospital of their own belong to the directory that all share.
  const shared = { ...anchor, name: sharedDirectoryName };
  const { hospitals: known } = await admin.center.hospitals.listHospitals({ pageSize: 500 });
  const ids = await atMost(registrationsAtOnce, [...hospitals, shared], async (facility) => {
    const account = accountOf(accounts, facility.name);
    const earlier = known.find(({ name }) => name === facility.name);
    if (earlier) await ensureAdmin(admin, account, earlier.id);
    return [facility.name, earlier?.id ?? (await registerHospital(admin, facility, account))] as const;
  });
  return new Map(ids);
}

async function registerHospital(
  admin: MeshOfUser,
  { name, address, city, state, zipCode, phone }: RegionFacility,
  account: SampleAccount,
): Promise<string> {
  const { hospital } = await admin.center.hospitals.registerHospital({
    requestId: requestIdOf("hospital", name),
    ...{ name, address, city, state, zipCode, phone },
    admin: firstAdminFrom(account),
  });
  if (!hospital) throw new Error(`registering ${name} was answered without a hospital`);
  return hospital.id;
}

function ownerOf(facility: RegionFacility, hospitalIds: ReadonlyMap<string, string>): string {
  const owner = hospitalIds.get(facility.name) ?? hospitalIds.get(sharedDirectoryName);
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

async function registerAgency(
  admin: MeshOfUser,
  { units: _, pricing, ...profile }: RegionAgency,
  account: SampleAccount,
): Promise<string> {
  const request = {
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
    admin: firstAdminFrom(account),
  };
  try {
    const { agency } = await admin.center.agencies.registerAgency(request);
    if (!agency) throw new Error(`registering ${profile.name} was answered without an agency`);
    if (agency.status !== ServiceStatus.ACTIVE) throw new Error(`${profile.name} was registered and is not active`);
    return agency.id;
  } catch (error) {
    if (reasonOf(error) !== "RESOURCE_EXISTS") throw error;
    return agencyOfEarlierLoad(admin, profile.name, account);
  }
}

/** The agency that an earlier version, which created accounts on their own, has registered. */
async function agencyOfEarlierLoad(admin: MeshOfUser, name: string, account: SampleAccount): Promise<string> {
  const { agencies } = await admin.center.agencies.listAgencies({ pageSize: 500 });
  const earlier = agencies.find((agency) => agency.name === name);
  if (!earlier) throw new Error(`${account.email} is taken, and there is no ${name}`);
  await ensureAdmin(admin, account, earlier.id);
  return earlier.id;
}

async function createUnits(admin: MeshOfUser, { units }: RegionAgency, agencyId: string): Promise<void> {
  await Promise.all(
    units.map(({ unitNumber, type }) =>
      admin.ems.units.createUnit({
        requestId: requestIdOf("unit", unitNumber),
        agencyId,
        unitNumber,
        type: UnitType[type],
      }),
    ),
  );
}

/** Gives an organization its admin if it was registered without. */
async function ensureAdmin(admin: MeshOfUser, account: SampleAccount, organizationId: string): Promise<void> {
  const { users } = await admin.center.users.listUsers({ organizationId, pageSize: 500 });
  if (users.some(({ email }) => email === account.email)) return;
  await admin.center.users.createUser({
    requestId: requestIdOf("user", account.email),
    ...firstAdminFrom(account),
    userType: UserType[account.userType],
    organizationId,
    // As the first admin of every other has them.
    roles: [Role.ORG_ADMIN],
  });
}

function accountOf(accounts: readonly SampleAccount[], organization: string): SampleAccount {
  const account = accounts.find((candidate) => candidate.organization === organization);
  if (!account) throw new Error(`the sample region has nobody in ${organization}`);
  return account;
}

function firstAdminFrom({ email, password, name }: SampleAccount) {
  return { email, password, name };
}

/** Does a work for each, never more than so many at once. */
async function atMost<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const left = [...items.entries()];
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}

/** The same for the same thing in every try, so that a repeated load creates nothing twice. */
function requestIdOf(kind: string, name: string): string {
  return `sample-${kind}-${slugOf(name)}`.slice(0, 64);
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

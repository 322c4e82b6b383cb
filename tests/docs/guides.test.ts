import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { Priority, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { projectRoot } from "../../services/cli/src/project-root.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { waitFor } from "../../services/client/waiting.ts";
import { startTestMesh, type TestMesh } from "../mesh/mesh.builder.ts";

/** The guides' pieces of program run as they stand, beside somebody who plays the other side. */
describe("docs/guides", () => {
  let test: TestMesh;
  let hospital: MeshOfUser;
  let agency: MeshOfUser;

  beforeAll(async () => {
    test = await startTestMesh();
    hospital = await logIn(test, "coordinator@altoona.example");
    agency = await logIn(test, "dispatch@blairvalley.example");
  }, 60_000);
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("a hospital's day", async () => {
    const done = new AbortController();
    const bidding = bidOnEverything(agency, done.signal);
    const output = await runGuide(test, "hospital", "coordinator@altoona.example").finally(() => done.abort());
    await bidding;
    expect(output).toContain("changed since: ");
  }, 120_000);

  it("an agency's day", async () => {
    const tripId = await askForTrip(hospital);
    const done = new AbortController();
    const accepting = acceptBid(hospital, tripId, done.signal);
    const output = await runGuide(test, "agency", "dispatch@blairvalley.example").finally(() => done.abort());
    await accepting;
    expect(output).toContain("BV-1 can be sent: true");
  }, 120_000);

  it("a center's day", async () => {
    await askForTrip(hospital);
    const output = await runGuide(test, "center", "admin@center.example");
    expect(output).toContain("Sinking Valley Ambulance with sam@sinkingvalley.example");
    expect(output).toContain("sla.pickup_minutes.urgent = 60 (default)");
  }, 120_000);
});

function logIn(test: TestMesh, email: string): Promise<MeshOfUser> {
  return test.mesh.login(email, passwordOf(test, email));
}

function passwordOf({ accounts }: TestMesh, email: string): string {
  const account = accounts.find((candidate) => candidate.email === email);
  if (!account) throw new Error(`the sample region has no ${email}`);
  return account.password;
}

/** Runs a guide's pieces as one program, within the project, whose packages and whose own name it imports. */
async function runGuide(test: TestMesh, name: string, email: string): Promise<string> {
  const folder = await mkdtemp(join(projectRoot, ".guide-"));
  try {
    const program = join(folder, `${name}.ts`);
    const text = await readFile(join(projectRoot, "docs/guides", `${name}.md`), "utf8");
    const pieces = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, piece = ""]) => piece);
    const { addresses } = test;
    const whole = pieces
      .join("\n")
      .replace("localhost:50051", addresses.hospital)
      .replace("localhost:50052", addresses.ems)
      .replace("localhost:50053", addresses.center);
    await writeFile(program, whole);
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      cwd: projectRoot,
      env: { ...process.env, NODE_OPTIONS: "", PASSWORD: passwordOf(test, email) },
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An agency that answers whatever is open to it, and confirms its bid when the trip changes. */
async function bidOnEverything(me: MeshOfUser, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { trips } = await me.ems.bids.listAvailableTrips({});
    for (const { tripId, ownBidId } of trips) {
      if (ownBidId === "") await me.ems.bids.submitBid({ tripId, amount: "300.00", ...inAnHour() }).catch(unlessOver);
      else await me.ems.bids.amendBid({ bidId: ownBidId }).catch(unlessOver);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The hospital may take the bid, or cancel the trip, in the very moment. */
function unlessOver(error: unknown): void {
  const over = ["BID_NOT_PENDING", "BID_HELD", "TRIP_NOT_PENDING", "TRIP_CANCELLED", "OPEN_BID_EXISTS"];
  if (!over.includes(reasonOf(error) ?? "")) throw error;
}

function inAnHour() {
  return { estimatedPickupTime: timestampFromDate(new Date(Date.now() + 3_600_000)) };
}

async function askForTrip(me: MeshOfUser): Promise<string> {
  const { facilities } = await me.hospital.facilities.listFacilities({ county: "Blair" });
  const origin = facilities.find(({ hospitalId }) => hospitalId === me.user.organizationId);
  const destination = facilities.find(({ type }) => type === "REHAB_FACILITY");
  const { trip } = await me.hospital.trips.createTrip({
    originFacilityId: origin?.id ?? "",
    destinationFacilityId: destination?.id ?? "",
    transportLevel: TransportLevel.BLS,
    priority: Priority.LOW,
    specialRequirements: "oxygen",
  });
  return trip?.id ?? "";
}

/** The hospital takes the agency's bid once it has been amended. */
async function acceptBid(me: MeshOfUser, tripId: string, signal: AbortSignal): Promise<void> {
  const bid = await waitFor("the amended bid", async () => {
    if (signal.aborted) throw new Error("the guide ended before it had bid");
    const { bids } = await me.ems.bids.listBids({ tripId, statuses: [BidStatus.PENDING] });
    return bids.find(({ amount }) => amount === "240.00");
  });
  await me.ems.bids.acceptBid({ bidId: bid.id });
}

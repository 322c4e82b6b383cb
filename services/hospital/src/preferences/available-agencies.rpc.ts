import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { type Agency, AgencySchema } from "#gen/medport/ems/v1/agency_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { ListAvailableAgenciesResponseSchema } from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { AnswerSource } from "#gen/medport/transport/v1/answer_source_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { forward } from "#platform/rpc/peer.ts";
import { Refusal } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { listActiveAgencies } from "../agencies/agency.store.ts";
import { countiesServed } from "../trips/trip-actor.ts";

type Answer = MessageInitShape<typeof ListAvailableAgenciesResponseSchema>;

/** Center has this long; the rest of the call's time is for the copy. */
const centerTimeoutMs = 2_000;
const pageSize = 500;

/** What answering needs. */
export interface AvailableAgenciesDeps {
  readonly directory: Pick<Client<typeof AgencyDirectoryService>, "listAgencies">;
  /** Until when the copy of EMS's agencies holds everything that EMS has told; undefined before it was ever heard. */
  readonly copyHeardAt: () => Date | undefined;
  readonly log: Logger;
}

/** Asks Center for the agencies that take part; while Center is out of reach, answers from the copy and says how old it is. */
export async function listAvailableAgencies(
  { directory, copyHeardAt, log }: AvailableAgenciesDeps,
  work: Pick<Work, "tx">,
  { county, context }: { readonly county: string; readonly context: HandlerContext },
): Promise<Answer> {
  try {
    return await askCenter(directory, county, context);
  } catch (error) {
    if (!Refusal.is(error) || error.reason !== Reason.DEPENDENCY_DOWN) throw error;
    log.warn({ event: "agencies.from_copy" });
  }
  const { messages, toldAt } = await listActiveAgencies(work.tx);
  const asOf = copyHeardAt() ?? toldAt;
  return {
    agencies: messages.map((message) => fromBinary(AgencySchema, message)).filter((agency) => serves(agency, county)),
    source: AnswerSource.COPY,
    ...(asOf && { asOfTime: timestampFromDate(asOf) }),
  };
}

async function askCenter(
  directory: AvailableAgenciesDeps["directory"],
  county: string,
  context: HandlerContext,
): Promise<Answer> {
  const options = forward(context);
  const timeoutMs = Math.min(options.timeoutMs ?? centerTimeoutMs, centerTimeoutMs);
  const agencies: Agency[] = [];
  for (let pageToken = ""; ; ) {
    const page = await directory.listAgencies(
      { availableOnly: true, county, pageSize, pageToken },
      { ...options, timeoutMs },
    );
    agencies.push(...page.agencies);
    pageToken = page.nextPageToken;
    if (pageToken === "") {
      return { agencies, source: AnswerSource.OWNER, ...(page.asOfTime && { asOfTime: page.asOfTime }) };
    }
  }
}

function serves({ serviceArea }: Agency, county: string): boolean {
  const wanted = county.trim().toLowerCase();
  return wanted === "" || countiesServed(serviceArea).includes(wanted);
}

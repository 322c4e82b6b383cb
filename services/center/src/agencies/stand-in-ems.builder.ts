import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { type Agency, AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import {
  AgencyService,
  type CreateAgencyRequest,
  type SetAgencyStatusRequest,
} from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { AgencyRegisteredSchema, AgencyUpdatedSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { type Caller, callerOf } from "#platform/auth/caller.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { assertEtag, etagOf } from "#platform/rpc/etag.ts";
import { notFound, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { anAgencyProfile } from "./agency.builder.ts";

/** What goes wrong on the way to EMS and back, by method; nothing where nothing is named. */
export interface Script {
  /** Throws what EMS answers in place of doing anything. */
  readonly before?: (method: Method) => void;
  /** Throws what comes in place of the answer, though all was done. */
  readonly after?: (method: Method) => void;
}

type Method = "createAgency" | "setAgencyStatus";

/** All goes well. */
export const answering: Script = {};

/** Nothing reaches EMS. */
export const outOfReach: Script = {
  before: () => {
    throw refuse(Reason.DEPENDENCY_DOWN, "the border lets nothing through");
  },
};

/** EMS does everything and its answers are lost. */
export const losingAnswers: Script = {
  after: () => {
    throw refuse(Reason.DEPENDENCY_DOWN, "the border lets nothing back");
  },
};

/** EMS says no. */
export function refusing(reason: Reason): Script {
  return {
    before: () => {
      throw refuse(reason, "the border says no");
    },
  };
}

/** A command as it reached EMS. */
export interface AskedOfEms {
  readonly request: CreateAgencyRequest;
  readonly caller: Caller;
}

/** An agency as EMS tells of it; name only what the test is about. */
export function anEmsAgency(over: Partial<Agency> = {}): Agency {
  const time = timestampFromDate(new Date("2026-03-01T12:00:00Z"));
  const usual = { active: true, status: ServiceStatus.ACTIVE, etag: '"1"', createTime: time, updateTime: time };
  return { ...create(AgencySchema, { ...anAgencyProfile(), ...usual }), ...over };
}

/** EMS's event about a new agency. */
export function agencyRegistered(agency: Agency): PendingEvent {
  return { schema: AgencyRegisteredSchema, message: { agency }, aggregateId: agency.id, version: 1 };
}

/** EMS's event about a changed agency. */
export function agencyUpdated(agency: Agency, version: number): PendingEvent {
  return { schema: AgencyUpdatedSchema, message: { agency }, aggregateId: agency.id, version };
}

/** Stands in EMS's place as far as agencies go, and answers as EMS would. A class because it remembers the agencies. */
export class StandInEms {
  readonly agencies = new Map<string, Agency>();
  readonly asked: AskedOfEms[] = [];
  script: Script = answering;
  /** Runs between a command's look at an agency and its change. */
  meanwhile: (() => void) | undefined;

  /** What it answers with, for a router. */
  readonly routes = (router: ConnectRouter): void => {
    router.service(AgencyService, {
      createAgency: (request, context) => {
        this.asked.push({ request, caller: callerOf(context) });
        return this.#through("createAgency", () => ({ agency: this.#create(request) }));
      },
      getAgency: ({ agencyId }) => {
        const agency = this.#get(agencyId);
        const { meanwhile } = this;
        this.meanwhile = undefined;
        meanwhile?.();
        return { agency };
      },
      setAgencyStatus: (request) =>
        this.#through("setAgencyStatus", () => {
          assertEtag(request.etag, versionOf(this.#get(request.agencyId)));
          return { agency: this.change(request) };
        }),
    });
  };

  /** Changes an agency's status, as somebody else may. */
  change({ agencyId, status }: Pick<SetAgencyStatusRequest, "agencyId" | "status">): Agency {
    const agency = this.#get(agencyId);
    if (agency.status === status) return agency;
    const changed = { ...agency, status, etag: etagOf(versionOf(agency) + 1) };
    this.agencies.set(agencyId, changed);
    return changed;
  }

  #through<T>(method: Method, work: () => T): T {
    const { script } = this;
    script.before?.(method);
    const answer = work();
    script.after?.(method);
    return answer;
  }

  #create({ agencyId: id, profile, status }: CreateAgencyRequest): Agency {
    const known = this.agencies.get(id);
    if (known && (known.status !== status || known.name !== profile?.name)) {
      throw refuse(Reason.RESOURCE_EXISTS, `there is another agency ${id}`, { details: [resourceInfo("agency", id)] });
    }
    const { $typeName: _, $unknown: __, ...fields } = profile ?? create(AgencySchema);
    const agency = known ?? anEmsAgency({ ...fields, id, status });
    this.agencies.set(id, agency);
    return agency;
  }

  #get(id: string): Agency {
    const agency = this.agencies.get(id);
    if (!agency) throw notFound("agency", id);
    return agency;
  }
}

function versionOf({ etag }: Agency): number {
  return Number(etag.replaceAll('"', ""));
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  type BadRequest_FieldViolationSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  type PreconditionFailure_ViolationSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "#gen/google/rpc/error_details_pb.ts";
import { code, Reason, ReasonSchema } from "#gen/medport/errors/v1/reason_pb.ts";

/** A message that travels with an error and says more than its reason. */
export type RefusalDetail = ConnectError["details"][number];

/** What a refusal may carry beside its reason and its sentence. */
export interface RefusalOptions {
  /** Further facts by name; they leave with the error, so no patient data. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Built with `badRequest`, `preconditionFailure`, `resourceInfo` and `retryInfo`. */
  readonly details?: readonly RefusalDetail[];
  /** For the log; never sent. */
  readonly cause?: unknown;
}

/**
 * A "no" that the caller is meant to understand: a code for machines, a reason for programs, a sentence for people. A
 * class because interceptors must tell it from errors that nobody foresaw; made by `refuse`.
 */
export class Refusal extends ConnectError {
  readonly reason: Reason;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #details: readonly RefusalDetail[];

  constructor(reason: Reason, message: string, options: RefusalOptions = {}, domain = "") {
    const metadata = options.metadata ?? {};
    const details = options.details ?? [];
    const info = { reason: reasonName(reason), domain, metadata: { ...metadata } };
    super(message, codeOf(reason), undefined, [{ desc: ErrorInfoSchema, value: info }], options.cause);
    this.details.push(...details);
    this.reason = reason;
    this.#metadata = metadata;
    this.#details = details;
  }

  /** The same refusal in a service's name, fit to be sent. */
  inDomain(domain: string): Refusal {
    const { cause } = this;
    return new Refusal(
      this.reason,
      this.rawMessage,
      { metadata: this.#metadata, details: this.#details, cause },
      domain,
    );
  }

  /** Tells a refusal from every other error. `instanceof` cannot: ConnectError redefines it for its whole family. */
  static is(error: unknown): error is Refusal {
    return typeof error === "object" && error !== null && #details in error;
  }
}

/**
 * Makes a refusal, to be thrown; its code is the one that stands beside the reason in reason.proto.
 * @param message one sentence for people, without patient data.
 */
export function refuse(reason: Reason, message: string, options: RefusalOptions = {}): Refusal {
  return new Refusal(reason, message, options);
}

/** Refuses because a record is unknown, or outside what the caller may see: the two must look alike. */
export function notFound(type: string, id: string): Refusal {
  return refuse(Reason.RESOURCE_NOT_FOUND, `no ${type} ${id}`, { details: [resourceInfo(type, id)] });
}

/** A reason's name as it travels, such as ETAG_MISMATCH. */
export function reasonName(reason: Reason): string {
  return ReasonSchema.value[reason]?.localName ?? "INTERNAL";
}

const reasons: readonly Reason[] = Object.values(Reason);

/** The reason of a name that came from the wire; undefined if this version does not know it. */
export function reasonFromName(name: string): Reason | undefined {
  return reasons.find((reason) => reason !== Reason.UNSPECIFIED && reasonName(reason) === name);
}

/** Reads the ErrorInfo of an error, on either side of the wire; undefined if it carries none. */
export function errorInfoOf(error: unknown): ErrorInfo | undefined {
  return error instanceof ConnectError ? error.findDetails(ErrorInfoSchema)[0] : undefined;
}

/** The reason of an error, on either side of the wire; undefined for an error that no service of the mesh made. */
export function reasonOf(error: unknown): string | undefined {
  return errorInfoOf(error)?.reason;
}

/** Names the fields that break a rule. */
export function badRequest(
  violations: readonly MessageInitShape<typeof BadRequest_FieldViolationSchema>[],
): RefusalDetail {
  return { desc: BadRequestSchema, value: { fieldViolations: [...violations] } };
}

/** Names the conditions on the state that were not met. */
export function preconditionFailure(
  violations: readonly MessageInitShape<typeof PreconditionFailure_ViolationSchema>[],
): RefusalDetail {
  return { desc: PreconditionFailureSchema, value: { violations: [...violations] } };
}

/** Names the record that the error is about. */
export function resourceInfo(resourceType: string, resourceName: string, description = ""): RefusalDetail {
  return { desc: ResourceInfoSchema, value: { resourceType, resourceName, description } };
}

/** Says when trying again makes sense. */
export function retryInfo(delayMs: number): RefusalDetail {
  return { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(delayMs) } };
}

function codeOf(reason: Reason): Code {
  const value = ReasonSchema.value[reason];
  return (value && getOption(value, code)) || Code.Internal;
}

import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { type Policy, policy } from "#gen/medport/policy/v1/policy_pb.ts";

/** How long a unary method may take whose policy names no time. */
export const defaultTimeoutMs = 5_000;

/** Services of the field's own protocols; everybody may call them, and their files carry no option of ours. */
const openServices: readonly string[] = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

/** The policy of a method; undefined if its file states none. */
export function findPolicy(method: DescMethod): Policy | undefined {
  return hasOption(method, policy) ? getOption(method, policy) : undefined;
}

/** True where no token is looked at: health, reflection and what its policy calls public. */
export function isPublic(method: DescMethod): boolean {
  return openServices.includes(method.parent.typeName) || findPolicy(method)?.public === true;
}

/** True if sending the call a second time does no harm. */
export function isIdempotent(method: DescMethod): boolean {
  return findPolicy(method)?.idempotent === true;
}

/**
 * How many milliseconds the method may take; undefined for a stream whose policy names no time, which may stay open
 * for as long as both sides want.
 */
export function timeoutMsOf(method: DescMethod): number | undefined {
  const timeout = findPolicy(method)?.timeout;
  if (timeout) return durationMs(timeout);
  return method.methodKind === "unary" ? defaultTimeoutMs : undefined;
}

/** The method's full name, as logs and audit rows spell it: medport.hospital.v1.TripService/CancelTrip. */
export function fullNameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/**
 * Makes sure that every method says who may call it.
 * @throws Error naming every method without a policy, or whose policy contradicts itself.
 */
export function assertEveryMethodHasPolicy(services: Iterable<DescService>): void {
  const problems = [...services]
    .filter((service) => !openServices.includes(service.typeName))
    .flatMap((service) => service.methods)
    .flatMap((method) => policyProblems(findPolicy(method)).map((problem) => `${fullNameOf(method)} ${problem}`));
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function policyProblems(stated: Policy | undefined): readonly string[] {
  if (!stated) return ["has no medport.policy.v1.policy"];
  const problems: string[] = [];
  const named = stated.users.length + stated.services.length;
  if (stated.public && named > 0) problems.push("is public and yet names callers");
  if (!stated.public && named === 0) problems.push("admits nobody");
  if (stated.system && stated.services.length === 0) problems.push("is for the system but names no services");
  if (stated.timeout && durationMs(stated.timeout) <= 0) problems.push("has a timeout that is not positive");
  return problems;
}

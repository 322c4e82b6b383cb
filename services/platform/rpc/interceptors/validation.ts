import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString, reflect } from "@bufbuild/protobuf/reflect";
import { createValidator, type Validator } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { findUnstorable } from "#platform/database/unstorable.ts";
import { badRequest, refuse } from "#platform/rpc/refusal.ts";

/** Holds every request against the rules that its proto file states, and those of all, before a handler sees it. */
export function validation(validator: Validator = createValidator()): Interceptor {
  return (next) => (request) => {
    if (!request.stream) {
      assertValid(validator, request.method.input, request.message);
      return next(request);
    }
    return next({ ...request, message: validated(validator, request.method.input, request.message) });
  };
}

async function* validated<T extends Message>(
  validator: Validator,
  schema: DescMessage,
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const message of messages) {
    assertValid(validator, schema, message);
    yield message;
  }
}

function assertValid(validator: Validator, schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  const unstorable = findUnstorable(reflect(schema, message));
  if (result.kind === "valid" && unstorable.length === 0) return;
  // A rule that does not compile, or fails on the way: ours to mend, not the caller's.
  if (result.kind === "error") throw result.error;
  const broken = result.kind === "valid" ? [] : result.violations;
  const violations = [
    ...broken.map((violation) => ({
      field: pathToString(violation.field),
      description: violation.message,
      reason: violation.ruleId.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_"),
    })),
    ...unstorable,
  ];
  const fields = violations.map(({ field }) => field || schema.name).join(", ");
  throw refuse(Reason.VALIDATION_FAILED, `the request breaks a rule: ${fields}`, { details: [badRequest(violations)] });
}

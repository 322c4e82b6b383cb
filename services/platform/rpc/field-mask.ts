import type { DescField, DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { badRequest, refuse } from "./refusal.ts";

/**
 * The fields of a message that a mask names, by their names in TypeScript. Only whole fields of the message itself can
 * be named; `*` names all of them.
 * @throws Refusal VALIDATION_FAILED if the mask is empty, or names a field that the message does not have.
 */
export function maskedFields<Desc extends DescMessage>(
  schema: Desc,
  mask: FieldMask | undefined,
): ReadonlySet<keyof Omit<MessageShape<Desc>, keyof Message>> {
  const paths = mask?.paths ?? [];
  if (paths.length === 0) throw refuseMask("names no field");
  if (paths.includes("*")) return new Set(schema.fields.map(nameOf<Desc>));
  const fields = paths.map((path) => {
    const field = schema.fields.find(({ name }) => name === path);
    if (!field) throw refuseMask(`${schema.name} has no field ${path.slice(0, 100)}`);
    return nameOf<Desc>(field);
  });
  return new Set(fields);
}

function nameOf<Desc extends DescMessage>({ localName }: DescField): keyof Omit<MessageShape<Desc>, keyof Message> {
  return localName as keyof Omit<MessageShape<Desc>, keyof Message>;
}

function refuseMask(description: string): Error {
  const violation = { field: "update_mask", description, reason: "FIELD_MASK" };
  return refuse(Reason.VALIDATION_FAILED, `update_mask ${description}`, { details: [badRequest([violation])] });
}

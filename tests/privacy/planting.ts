import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { isText, nameOf } from "./request-fields.ts";

/** Puts something in place of a text; undefined to leave it. */
export type Planter = (field: DescField) => string | undefined;

/** The same request with every text that is not empty replaced, in messages within it, too. */
export function withPlanted(schema: DescMessage, message: Message, plant: Planter): Message {
  return messageOf(schema, (field) => planted(field, valueOf(message, field), plant));
}

/** A message with what there is to be in each of its fields; undefined leaves one empty. */
export function messageOf(schema: DescMessage, valueFor: (field: DescField) => unknown): Message {
  const fields: Record<string, unknown> = {};
  for (const field of schema.fields) fields[field.localName] = valueFor(field);
  return create(schema, fields);
}

function planted(field: DescField, value: unknown, plant: Planter): unknown {
  if (value === undefined || value === null) return value;
  if (field.fieldKind === "map") return plantedMap(field, value, plant);
  if (Array.isArray(value)) return value.map((item: unknown) => plantedOne(field, item, plant));
  return plantedOne(field, value, plant);
}

function plantedMap(field: DescField, value: unknown, plant: Planter): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [plant(field) ?? key, item]));
}

function plantedOne(field: DescField, value: unknown, plant: Planter): unknown {
  if (field.message) return isMessage(value) ? withPlanted(field.message, value, plant) : value;
  return isText(field) && value !== "" ? (plant(field) ?? value) : value;
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "$typeName" in value;
}

function valueOf(message: Message, field: DescField): unknown {
  // Messages here have no oneofs; a field of one would be found under its group's name and not be planted.
  if (field.oneof) throw new Error(`${nameOf(field)} is in a oneof: teach withPlanted to fill it`);
  return Reflect.get(message, field.localName);
}

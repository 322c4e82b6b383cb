import { create, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { messageOf } from "./planting.ts";
import { isText, stringRulesOf, takesSentences } from "./request-fields.ts";

/** Ids by the name of the field that asks for them, such as trip_id. */
export type Ids = Readonly<Record<string, string>>;

/** A request with something in every field: the ids given, the first word of an enum, and text where text may stand. */
export function filledRequest(schema: DescMessage, ids: Ids): Message {
  return messageOf(schema, (field) => filled(field, schema, ids));
}

/** A request with nothing but something in one field; deep down, if the field is one of a message within it. */
export function requestWithOnly(schema: DescMessage, path: readonly DescField[]): Message {
  const [field, ...rest] = path;
  if (!field) return create(schema);
  const inner = rest.length > 0 && field.message ? requestWithOnly(field.message, rest) : "something";
  const value = field.fieldKind === "map" ? { something: "1.00" } : field.fieldKind === "list" ? [inner] : inner;
  return messageOf(schema, (one) => (one === field ? value : undefined));
}

/** The ways to every field of text in a message. */
export function textPaths(schema: DescMessage, above: readonly DescMessage[] = []): readonly (readonly DescField[])[] {
  if (above.includes(schema)) return [];
  return schema.fields.flatMap((field) => {
    if (isText(field)) return [[field]];
    return field.message ? textPaths(field.message, [...above, schema]).map((path) => [field, ...path]) : [];
  });
}

function filled(field: DescField, parent: DescMessage, ids: Ids): unknown {
  if (field.fieldKind === "map") return { ALS: "1.00" };
  const one = filledOne(field, parent, ids);
  return field.fieldKind === "list" && one !== undefined ? [one] : one;
}

function filledOne(field: DescField, parent: DescMessage, ids: Ids): unknown {
  if (field.message?.typeName === "google.protobuf.FieldMask") return { paths: pathsToText(parent) };
  if (field.message?.typeName === TimestampSchema.typeName) return timeFor(field);
  if (field.message) return filledRequest(field.message, ids);
  if (field.enum) return field.enum.values.find(({ number }) => number > 0)?.number;
  if (field.scalar === ScalarType.STRING) return textFor(field, ids);
  return undefined;
}

/** Texts that the rules of our fields ask for: a state, a postal code, an amount, any id. */
const wellFormed = ["PA", "16601", "1.00", "00000000-0000-4000-8000-000000000000", "nobody", "HOSPITAL"];

function textFor(field: DescField, ids: Ids): string {
  const known = ids[field.name];
  if (known !== undefined) return known;
  if (["etag", "page_token", "cursor", "request_id"].includes(field.name)) return "";
  const { pattern = "", in: words = [], wellKnown } = stringRulesOf(field) ?? {};
  if (words.length > 0) return words.find((word) => word !== "") ?? "";
  if (wellKnown?.case === "uuid") return wellFormed[3] ?? "";
  if (pattern === "" && takesSentences(field)) return "something";
  return wellFormed.find((text) => new RegExp(pattern, "u").test(text)) ?? "";
}

/** What is looked for lies behind us, what is planned ahead; of two times the earlier is named first. */
function timeFor({ name }: DescField): Timestamp | undefined {
  // Without a time, it happens now.
  if (/^(as_of|pickup|completion|occur)_time$/.test(name)) return undefined;
  const isSought = /^(requested_)?(from|until)_time$/.test(name);
  const isLater = /until|end|pickup|expire/.test(name);
  return timestampFromMs(Date.now() + (isSought ? -7_200_000 : 3_600_000) + (isLater ? 3_600_000 : 0));
}

/** What a mask beside a message with details names of it: its texts. */
function pathsToText(parent: DescMessage): readonly string[] {
  const details = parent.fields.find(({ name }) => name === "details" || name === "offer");
  return details?.message?.fields.filter((field) => stringRulesOf(field)?.pattern === "").map(({ name }) => name) ?? [];
}

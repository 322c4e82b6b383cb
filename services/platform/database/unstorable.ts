import { type DescField, isMessage } from "@bufbuild/protobuf";
import { isReflectList, isReflectMap, isReflectMessage, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";

/** A field whose value the wire carries and no database of ours can keep. */
export interface UnstorableField {
  /** Such as filter.hospital_id. */
  readonly field: string;
  readonly description: string;
  readonly reason: "STRING_CHARACTERS" | "TIMESTAMP_RANGE";
}

/** The years 1 to 9999, which timestamp.proto demands and the binary form does not hold to. */
const earliestSecond = -62_135_596_800n;
const latestSecond = 253_402_300_799n;
const nanosPerSecond = 1_000_000_000;

/**
 * Finds the fields that would make a statement fail whatever it is for, at any depth: PostgreSQL's text knows no NUL, and
 * takes a statement that has one in its text for a broken connection; half a surrogate pair has no bytes; and a time out
 * of range is no time.
 */
export function findUnstorable(message: ReflectMessage, prefix = ""): readonly UnstorableField[] {
  if (isMessage(message.message, TimestampSchema)) {
    const { seconds, nanos } = message.message;
    const isInRange = seconds >= earliestSecond && seconds <= latestSecond && nanos >= 0 && nanos < nanosPerSecond;
    const description = "must lie in the years 1 to 9999";
    return isInRange ? [] : [{ field: prefix, description, reason: "TIMESTAMP_RANGE" }];
  }
  return message.fields
    .filter((field) => !isNumbers(field) && message.isSet(field))
    .flatMap((field) => inValue(message.get(field), prefix === "" ? field.name : `${prefix}.${field.name}`));
}

function inValue(value: unknown, field: string): readonly UnstorableField[] {
  if (typeof value === "string") {
    const description = "must have neither NUL nor half a surrogate pair";
    return isStorable(value) ? [] : [{ field, description, reason: "STRING_CHARACTERS" }];
  }
  if (isReflectMessage(value)) return findUnstorable(value, field);
  if (isReflectList(value)) return Array.from(value).flatMap((item, index) => inValue(item, `${field}[${index}]`));
  if (isReflectMap(value)) return Array.from(value).flatMap((entry) => entry.flatMap((part) => inValue(part, field)));
  return [];
}

/** Lists of enums: they can be long, and every number can be kept. */
function isNumbers(field: DescField): boolean {
  return field.fieldKind === "list" && field.listKind === "enum";
}

function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

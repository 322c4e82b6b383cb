import type { DescEnum } from "@bufbuild/protobuf";

/** An enum's value as people write it, without its prefix: `COMPLETED`. A number that is not known stays a number. */
export function enumLabel(schema: DescEnum, value: number): string {
  return schema.value[value]?.localName ?? String(value);
}

import {
  ScalarType,
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
} from "@bufbuild/protobuf";
import { Edition } from "@bufbuild/protobuf/wkt";

/**
 * Prints a proto2 file from its descriptor, as source that a proto compiler takes. What programs exchange is all there
 * (names, numbers, types, oneofs, extensions); comments are not in a descriptor, and options are left out: the only
 * file that we print is imported for its extensions, and its options are read by its own library alone.
 *
 * @throws Error if the file is not in proto2 syntax, or has a map, which no printed file needs.
 */
export function printProto(file: DescFile): string {
  if (file.edition !== Edition.EDITION_PROTO2) throw new Error(`${file.proto.name} is not in proto2 syntax`);
  const blocks = [
    'syntax = "proto2";',
    `package ${file.proto.package};`,
    file.proto.dependency.map((path) => `import "${path}";`).join("\n"),
    ...file.enums.map(enumText),
    ...file.messages.map(messageText),
    ...file.extensions.map(extensionText),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function messageText(message: DescMessage): string {
  const ranges = message.proto.extensionRange.map(({ start, end }) => `extensions ${rangeText(start, end)};`);
  const members = message.members.map((member) =>
    member.kind === "field" ? fieldText(member) : block(`oneof ${member.name}`, member.fields.map(memberText)),
  );
  const nested = [...message.nestedEnums.map(enumText), ...message.nestedMessages.map(messageText)];
  return block(`message ${message.name}`, [...ranges, ...nested, ...members]);
}

function enumText(desc: DescEnum): string {
  const values = desc.values.map((value) => `${value.name} = ${value.number};`);
  return block(`enum ${desc.name}`, values);
}

function extensionText(extension: DescExtension): string {
  return block(`extend .${extension.extendee.typeName}`, [fieldText(extension)]);
}

function fieldText(field: DescField | DescExtension): string {
  return `${field.fieldKind === "list" ? "repeated" : "optional"} ${memberText(field)}`;
}

/** A field without its label, as a oneof's members are written. */
function memberText(field: DescField | DescExtension): string {
  return `${typeText(field)} ${field.name} = ${field.number};`;
}

function typeText(field: DescField | DescExtension): string {
  if (field.fieldKind === "map") throw new Error(`the field ${field.name} is a map`);
  if (field.message) return `.${field.message.typeName}`;
  if (field.enum) return `.${field.enum.typeName}`;
  return ScalarType[field.scalar].toLowerCase();
}

/** A descriptor's ranges end before `end`; the largest number is written as a word. */
function rangeText(start: number, end: number): string {
  const last = end - 1;
  return `${start} to ${last === 536_870_911 ? "max" : last}`;
}

function block(head: string, lines: readonly string[]): string {
  const body = lines.flatMap((line) => line.split("\n")).map((line) => `  ${line}`);
  return [`${head} {`, ...body, "}"].join("\n");
}

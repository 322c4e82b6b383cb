import {
  type AnyDesc,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";
import {
  field as fieldRules,
  FieldRulesSchema,
  message as messageRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { event } from "#gen/medport/events/v1/envelope_pb.ts";
import { policy } from "#gen/medport/policy/v1/policy_pb.ts";
import { RoleSchema, SiloSchema, UserTypeSchema } from "#gen/medport/policy/v1/principal_pb.ts";
import { enumLabel } from "#platform/rpc/enum-label.ts";

/** A service with its methods. */
export function serviceText(service: DescService): string {
  return [`## ${service.name}`, commentOf(service), ...service.methods.map(methodText)].filter(Boolean).join("\n\n");
}

/** A message with its fields. */
export function messageText(message: DescMessage): string {
  return [`### ${message.name}`, commentOf(message), fieldsText(message)].filter(Boolean).join("\n\n");
}

/** True for the messages that are events. */
export function isEvent(message: DescMessage): boolean {
  return hasOption(message, event);
}

/** An event with its subject and its fields. */
export function eventText(message: DescMessage): string {
  const { producer, aggregate, name } = getOption(message, event);
  const silo = enumLabel(SiloSchema, producer).toLowerCase();
  const subject = `Subject \`evt.${silo}.${aggregate}.<${aggregate} id>.${name}\`.`;
  return [`### ${message.name}`, commentOf(message), subject, fieldsText(message)].filter(Boolean).join("\n\n");
}

/** An enum with its values. */
export function enumText(desc: DescEnum): string {
  const rows = desc.values.map((value) => `| \`${value.name}\` | ${value.number} | ${cell(commentOf(value))} |`);
  const table = ["| value | number | meaning |", "|---|---|---|", ...rows].join("\n");
  return [`### ${desc.name}`, commentOf(desc), table].filter(Boolean).join("\n\n");
}

function methodText(method: DescMethod): string {
  return [
    `### ${method.parent.name}.${method.name}`,
    commentOf(method),
    policyText(method),
    `Request${method.methodKind === "client_streaming" ? ", a stream of" : ""}:`,
    fieldsText(method.input) || "Nothing.",
    method.methodKind === "server_streaming" ? "Answer, a stream of:" : "Answer:",
    fieldsText(method.output) || "Nothing.",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Who may call it and how it behaves, in words. */
function policyText(method: DescMethod): string {
  const { public: isPublic, users, services, system, patientRelated, idempotent, timeout } = getOption(method, policy);
  const people = users.map(({ userType, roles }) => {
    const names = roles.map((role) => enumLabel(RoleSchema, role));
    return `${enumLabel(UserTypeSchema, userType)}${names.length === 0 ? "" : ` (${names.join(" or ")})`}`;
  });
  const silos = services.map((silo) => enumLabel(SiloSchema, silo));
  const callers = [
    ...(isPublic ? ["anybody, without a token"] : []),
    ...(people.length === 0 ? [] : [people.join(", ")]),
    ...(silos.length === 0
      ? []
      : [`through or by the services ${silos.join(", ")}${system ? ", also without a user" : ""}`]),
  ];
  const manners = [
    ...(patientRelated ? ["every read is audited"] : []),
    ...(idempotent ? ["safe to send again"] : []),
    ...(timeout ? [`answers within ${timeout.seconds} s`] : []),
  ];
  return `*May call:* ${callers.join("; ")}.${manners.length === 0 ? "" : ` *${capitalized(manners.join(", "))}.*`}`;
}

function fieldsText(message: DescMessage): string {
  if (message.fields.length === 0) return "";
  const rows = message.fields.map((field) => {
    const meaning = [cell(commentOf(field)), rulesText(field)].filter(Boolean).join(" ");
    return `| \`${field.name}\` | ${typeText(field)} | ${meaning} |`;
  });
  const rules = getOption(message, messageRules).cel.map(({ message: rule }) => `\n\n*Rule:* ${rule}.`);
  return ["| field | type | meaning |", "|---|---|---|", ...rows].join("\n") + rules.join("");
}

function typeText(field: DescField): string {
  switch (field.fieldKind) {
    case "scalar":
      return ScalarType[field.scalar].toLowerCase();
    case "enum":
      return linkTo(field.enum);
    case "message":
      return linkTo(field.message);
    case "list":
      return `list of ${field.listKind === "scalar" ? ScalarType[field.scalar].toLowerCase() : linkTo(field.message ?? field.enum)}`;
    case "map":
      return `map of ${field.mapKind === "scalar" ? ScalarType[field.scalar].toLowerCase() : linkTo(field.message ?? field.enum)}`;
    default:
      return field satisfies never;
  }
}

const pageByPackage: Readonly<Record<string, string>> = {
  "medport.hospital.v1": "hospital.md",
  "medport.ems.v1": "ems.md",
  "medport.center.v1": "center.md",
  "medport.events.v1": "events.md",
  "medport.transport.v1": "common.md",
  "medport.audit.v1": "common.md",
  "medport.policy.v1": "common.md",
};

/** A type's name, with a link to where it is explained if that is here. */
function linkTo(desc: DescMessage | DescEnum): string {
  const page = pageByPackage[desc.file.proto.package];
  return page ? `[${desc.name}](${page}#${desc.name.toLowerCase()})` : desc.name;
}

/** The rules that the field's value is held against, as the proto states them. */
function rulesText(field: DescField): string {
  if (!hasOption(field, fieldRules)) return "";
  const flat = flatten(toJson(FieldRulesSchema, getOption(field, fieldRules)));
  return flat.map((rule) => `\`${cell(rule)}\``).join(", ");
}

/** The leaves of a JSON value with the last two words of their paths, such as `maxLen 64`. */
function flatten(value: unknown, path: readonly string[] = []): readonly string[] {
  if (Array.isArray(value)) return [`${path.slice(-1).join("")} ${value.map(String).join(", ")}`];
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, part]) => flatten(part, [...path, key]));
  }
  const name = path.slice(-1).join("");
  return [value === true ? name : `${name} ${String(value)}`];
}

function commentOf(desc: Exclude<AnyDesc, DescFile>): string {
  return (getComments(desc).leading ?? "")
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .trim();
}

/** Text as it may stand in a table's cell. */
function cell(text: string): string {
  return text.replaceAll("\n", " ").replaceAll("|", "\\|");
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

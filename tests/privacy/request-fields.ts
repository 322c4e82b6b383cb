import { readdir } from "node:fs/promises";
import type { DescField, DescFile, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import {
  field as fieldRules,
  type FieldRules,
  type StringRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** A field of text in a request, or in a message within one. */
export interface TextField {
  /** Such as hospital.v1.CancelTripRequest.reason. */
  readonly name: string;
  /** Somebody could write a sentence there: no rule of the field's keeps it to ids, numbers or a list of words. */
  readonly takesSentences: boolean;
}

/** Every service of the three silos, from the generated code itself: one that is added cannot be forgotten. */
export async function findServices(): Promise<readonly DescService[]> {
  const folder = new URL("../../gen/medport/", import.meta.url);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith("_pb.ts"));
  const modules: readonly object[] = await Promise.all(names.toSorted().map((name) => importFrom(folder, name)));
  const files = modules.flatMap((module): readonly unknown[] => Object.values(module)).filter(isFile);
  return files.flatMap(({ services }) => services);
}

async function importFrom(folder: URL, name: string): Promise<object> {
  const module: unknown = await import(new URL(name, folder).href);
  return typeof module === "object" && module !== null ? module : {};
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "file";
}

/** Every field of text that a request of these methods can carry, once each, by name. */
export function textFieldsOf(methods: readonly DescMethod[]): readonly TextField[] {
  const found = new Map<string, TextField>();
  const visited = new Set<string>();
  const visit = (message: DescMessage): void => {
    if (visited.has(message.typeName)) return;
    visited.add(message.typeName);
    for (const field of message.fields) {
      if (field.message) visit(field.message);
      if (isText(field)) found.set(nameOf(field), { name: nameOf(field), takesSentences: takesSentences(field) });
    }
  };
  for (const { input } of methods) visit(input);
  return [...found.values()].toSorted((one, other) => one.name.localeCompare(other.name));
}

/** The field's name, such as hospital.v1.CancelTripRequest.reason. */
export function nameOf(field: DescField): string {
  return `${field.parent.typeName.replace("medport.", "")}.${field.name}`;
}

/** True for a text, a list of texts, and a map, whose keys are texts. */
export function isText(field: DescField): boolean {
  switch (field.fieldKind) {
    case "scalar":
      return field.scalar === ScalarType.STRING;
    case "list":
      return field.listKind === "scalar" && field.scalar === ScalarType.STRING;
    case "map":
      return field.mapKey === ScalarType.STRING;
    default:
      return false;
  }
}

/** The rules for each of the field's texts; for a map, for its keys. */
export function stringRulesOf(field: DescField): StringRules | undefined {
  const rules = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (field.fieldKind === "list") return rules?.type.case === "repeated" ? asString(rules.type.value.items) : undefined;
  if (field.fieldKind === "map") return rules?.type.case === "map" ? asString(rules.type.value.keys) : undefined;
  return asString(rules);
}

function asString(rules: FieldRules | undefined): StringRules | undefined {
  return rules?.type.case === "string" ? rules.type.value : undefined;
}

/** As short as a planted word. */
const shortestWord = 12;

/** True if no rule of the field's keeps its text to ids, numbers, a list of words, or less than a sentence. */
export function takesSentences(field: DescField): boolean {
  const rules = stringRulesOf(field);
  if (!rules) return true;
  const { pattern, wellKnown, in: words, maxLen } = rules;
  if (words.length > 0 || wellKnown.case === "uuid") return false;
  if (maxLen > 0n && maxLen < shortestWord) return false;
  return pattern === "" || new RegExp(pattern, "u").test("Mrs Doe needs oxygen");
}

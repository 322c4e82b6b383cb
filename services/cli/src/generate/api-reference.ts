import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, type DescFile, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { mustRunTool } from "../run-tool.ts";
import { enumText, eventText, isEvent, messageText, serviceText } from "./api-reference-text.ts";
import { gatherProtos } from "./gather-protos.ts";

/** Where the reference lies, below the project. */
const folder = "docs/api";

/** One page of the reference. */
interface Page {
  readonly name: string;
  readonly title: string;
  readonly lead: string;
  readonly packages: readonly string[];
}

const pages: readonly Page[] = [
  {
    name: "hospital",
    title: "Hospital's API",
    lead: "Trips, facilities and preferences, at the address of Hospital.",
    packages: ["medport.hospital.v1"],
  },
  {
    name: "ems",
    title: "EMS's API",
    lead: "Agencies, units, bids and dispatch, at the address of EMS.",
    packages: ["medport.ems.v1"],
  },
  {
    name: "center",
    title: "Center's API",
    lead: "Accounts, organizations, settings, oversight and analytics, at the address of Center.",
    packages: ["medport.center.v1"],
  },
  {
    name: "common",
    title: "What all APIs share",
    lead: "A trip and its words, the audit log that every service has, and how methods say who may call them.",
    packages: ["medport.transport.v1", "medport.audit.v1", "medport.policy.v1"],
  },
  {
    name: "events",
    title: "Events",
    lead: "What the silos tell each other over the broker. No event carries free text or anything about a patient.",
    packages: ["medport.events.v1"],
  },
];

/** The reference as the protos give it now: the pages' texts by their paths below the project. */
export async function apiReference(root: string): Promise<ReadonlyMap<string, string>> {
  const files = await describedProtos(root);
  return new Map(pages.map((page) => [`${folder}/${page.name}.md`, pageText(page, files)]));
}

/** Writes the pages that differ. Returns their paths. */
export async function writeApiReference(root: string): Promise<readonly string[]> {
  const stale = await staleApiReference(root);
  const texts = await apiReference(root);
  await mkdir(join(root, folder), { recursive: true });
  for (const path of stale) {
    const text = texts.get(path);
    if (text === undefined) await rm(join(root, path));
    else await writeFile(join(root, path), text);
  }
  return stale;
}

/** The pages that are not what the protos give now, those left over included. */
export async function staleApiReference(root: string): Promise<readonly string[]> {
  const texts = await apiReference(root);
  const present = await readdir(join(root, folder)).catch(() => []);
  const paths = new Set([...texts.keys(), ...present.map((name) => `${folder}/${name}`)]);
  const verdicts = await Promise.all(
    [...paths].map(async (path) => {
      const text = await readFile(join(root, path), "utf8").catch(() => undefined);
      return { path, isStale: text !== texts.get(path) };
    }),
  );
  return verdicts.filter(({ isStale }) => isStale).map(({ path }) => path);
}

/** The project's own protos with their comments, which generated code does not carry. */
async function describedProtos(root: string): Promise<readonly DescFile[]> {
  await gatherProtos(root);
  const drafts = await mkdtemp(join(tmpdir(), "medport-api-"));
  try {
    const image = join(drafts, "image.binpb");
    await mustRunTool(root, "buf", ["build", "proto", "--as-file-descriptor-set", "--output", image]);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(image)));
    return [...registry.files].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } finally {
    await rm(drafts, { recursive: true, force: true });
  }
}

function pageText({ title, lead, packages }: Page, files: readonly DescFile[]): string {
  const own = files.filter(({ proto }) => packages.includes(proto.package));
  const messages = own.flatMap((file) => file.messages);
  const ofMethods = new Set(
    own
      .flatMap((file) => file.services)
      .flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output])),
  );
  const events = messages.filter(isEvent);
  const others = messages.filter((message) => !ofMethods.has(message) && !isEvent(message));
  const blocks = [
    `# ${title}`,
    `${lead} Made from \`proto/\` by \`npm run generate\`.`,
    ...own.flatMap((file) => file.services).map(serviceText),
    ...section("Events", events.map(eventText)),
    ...section("Messages", others.map(messageText)),
    ...section("Enums", own.flatMap((file) => file.enums).map(enumText)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function section(title: string, blocks: readonly string[]): readonly string[] {
  return blocks.length === 0 ? [] : [`## ${title}`, ...blocks];
}

import { readFile } from "node:fs/promises";
import { renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { MeshFolder } from "./mesh-folder.ts";

const server = z.object({
  /** host:port */
  address: z.string(),
  /** Absent while it is down, and always for one that we did not start. */
  pid: z.number().optional(),
  embedded: z.boolean(),
});

const silos = z.object({ hospital: server, ems: server, center: server });

const meshState = z.object({
  phase: z.enum(["starting", "ready", "stopped"]),
  /** The process that watches over the servers. */
  pid: z.number(),
  services: silos,
  databases: silos,
  broker: server,
  /** What is not as one would expect, such as another port than usual. */
  notes: z.array(z.string()),
});

/** One server as the state file has it. */
export type ServerState = Readonly<z.infer<typeof server>>;

/** What `mesh.json` says of the mesh that was last started. No secrets. */
export type MeshState = Readonly<z.infer<typeof meshState>>;

/** Reads the state that the last `up` left; undefined if there is none. */
export async function readMeshState(folder: MeshFolder): Promise<MeshState | undefined> {
  const text = await readFile(folder.stateFile, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return meshState.parse(JSON.parse(text));
  } catch {
    // Cut off by a crash of the machine, or of another version: worth as much as none.
    return undefined;
  }
}

/** Keeps `mesh.json` true while a mesh runs. A class because it remembers. */
export class MeshStateFile {
  readonly #path: string;
  #state: MeshState;

  constructor(folder: MeshFolder, state: MeshState) {
    this.#path = folder.stateFile;
    this.#state = state;
    this.#write();
  }

  get state(): MeshState {
    return this.#state;
  }

  setPhase(phase: MeshState["phase"]): void {
    this.#state = { ...this.#state, phase };
    this.#write();
  }

  setServer(kind: "services" | "databases", service: ServiceName, change: Partial<ServerState>): void {
    const silo = { ...this.#state[kind][service], ...change };
    this.#state = { ...this.#state, [kind]: { ...this.#state[kind], [service]: silo } };
    this.#write();
  }

  setBroker(change: Partial<ServerState>): void {
    this.#state = { ...this.#state, broker: { ...this.#state.broker, ...change } };
    this.#write();
  }

  note(text: string): void {
    this.#state = { ...this.#state, notes: [...this.#state.notes, text] };
    this.#write();
  }

  /** At once and as a whole: readers never see half of it, and two changes never cross. */
  #write(): void {
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#state, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** The same for every silo. */
export function forEachSilo<T>(make: (service: ServiceName) => T): Record<ServiceName, T> {
  const [hospital, ems, center] = serviceNames;
  return { hospital: make(hospital), ems: make(ems), center: make(center) };
}

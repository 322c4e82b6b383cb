import { ConfigError } from "#platform/config/read-config.ts";
import { freePort, isPortFree, similarPorts } from "#platform/embedded/free-port.ts";

/** A server that needs a port. */
export interface PortWish {
  /** How people call the server: "Hospital's database". */
  readonly server: string;
  /** The variable that names the port. */
  readonly variable: string;
  readonly port: number;
  /** True when somebody asked for this very port: then no other will do. */
  readonly asked: boolean;
}

/** The port that a server got, and what to tell people if it is not the usual one. */
export interface ChosenPort {
  readonly port: number;
  readonly note?: string;
}

/**
 * Finds a port for each server.
 * @throws ConfigError that names every port that was asked for and is taken.
 */
export async function choosePorts<K extends string>(
  wishes: Readonly<Record<K, PortWish>>,
): Promise<Readonly<Record<K, ChosenPort>>> {
  const chosen: Partial<Record<K, ChosenPort>> = {};
  const used = new Set<number>();
  const problems: string[] = [];
  for (const key of keysOf(wishes)) {
    const wish = wishes[key];
    const port = await choosePort(wish, used);
    if (port === undefined) problems.push(takenWords(wish));
    else chosen[key] = port;
    if (port) used.add(port.port);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Every key has its port, or there was a problem.
  return chosen as Record<K, ChosenPort>;
}

async function choosePort(wish: PortWish, used: ReadonlySet<number>): Promise<ChosenPort | undefined> {
  if (wish.port === 0) return { port: await freePort() };
  const isFree = async (port: number): Promise<boolean> => !used.has(port) && (await isPortFree(port));
  if (await isFree(wish.port)) return { port: wish.port };
  if (wish.asked) return undefined;
  for (const port of similarPorts(wish.port)) if (await isFree(port)) return { port, note: noteOf(wish, port) };
  const port = await freePort();
  return { port, note: noteOf(wish, port) };
}

/** The same sentence wherever a server has another port than usual. */
export function noteOf({ server, port: usual }: PortWish, port: number): string {
  return `${usual} is taken, ${server} listens on ${port}`;
}

/** The error of a port that was asked for. */
export function takenWords({ server, variable, port }: PortWish): string {
  return `${variable}=${port} (the port of ${server}) is taken by another process: choose another one, or leave it out`;
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(record) as K[];
}

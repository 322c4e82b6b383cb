import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** All embedded servers listen here and nowhere else. */
export const loopback = "127.0.0.1";

/** A server was to listen on a port that another process holds. */
export class PortTakenError extends Error {
  readonly port: number;

  constructor(port: number, who: string) {
    super(`${who} cannot listen on port ${port}: another process holds it`);
    this.name = "PortTakenError";
    this.port = port;
  }
}

/** Below those that operating systems give to outgoing connections, any of which could take a port before it is used. */
const [lowestPort, highestPort] = [20_000, 32_000];
const attempts = 100;

/** A port that nobody listens on, chosen by chance. It may be taken before it is used: be ready to ask again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no port between ${lowestPort} and ${highestPort} is free`);
}

/** Whether nobody listens on the port, found out by listening on it for a moment. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // EACCES: a port below 1024 that an ordinary user may not have is as good as taken.
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Ports to try in place of a taken one, near to it in looks: 5432 gives 54321, 54322 and so on. */
export function similarPorts(port: number): readonly number[] {
  const tenfold = port * 10;
  const base = tenfold + 9 <= 65_535 ? tenfold : port;
  const step = base === tenfold ? 1 : 10;
  return Array.from({ length: 9 }, (_, index) => base + (index + 1) * step).filter((candidate) => candidate <= 65_535);
}

/**
 * Starts a server on a free port, again with another one when somebody was faster.
 * @throws PortTakenError after ten unlucky rounds.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!(error instanceof PortTakenError) || round === 10) throw error;
    }
  }
}

import { type AddressInfo, createServer } from "node:net";

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

/** A port that nobody listens on, chosen by the operating system. It may be taken before it is used: be ready to ask again. */
export async function freePort(): Promise<number> {
  const port = await bind(0);
  if (port === undefined) throw new Error("the operating system has no free port left");
  return port;
}

/** Whether nobody listens on the port, found out by listening on it for a moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await bind(port)) !== undefined;
}

/** Ports to try in place of a taken one, near to it in looks: 5432 gives 54321, 54322 and so on. */
export function similarPorts(port: number): readonly number[] {
  const tenfold = port * 10;
  const base = tenfold + 9 <= 65_535 ? tenfold : port;
  const step = base === tenfold ? 1 : 10;
  return Array.from({ length: 9 }, (_, index) => base + (index + 1) * step).filter((candidate) => candidate <= 65_535);
}

/**
 * Starts a server on a free port of the operating system's choice, again with another one when somebody was faster.
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

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // EACCES: a port below 1024 that an ordinary user may not have is as good as taken.
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: loopback, exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}

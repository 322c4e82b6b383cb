import { ConfigError } from "#platform/config/read-config.ts";
import { PortTakenError } from "#platform/embedded/free-port.ts";
import { choosePorts, noteOf, type PortWish, takenWords } from "./choose-ports.ts";
import type { RunningServer, Supervised } from "./supervised.ts";

export interface StartOnPortOptions<S extends RunningServer> {
  readonly wish: PortWish;
  /** The port that was free when we looked. */
  readonly port: number;
  readonly supervise: (port: number) => Supervised<S>;
  /** Told the new port, and the sentence for people, when somebody took the first one meanwhile. */
  readonly onMoved: (port: number, note: string) => void;
}

/**
 * Starts a server for the first time, on another port when somebody took the chosen one since we looked.
 * @throws ConfigError naming the port, if it is one that was asked for.
 */
export async function startOnPort<S extends RunningServer>(options: StartOnPortOptions<S>): Promise<S> {
  const { wish, supervise, onMoved } = options;
  let { port } = options;
  for (let round = 1; ; round += 1) {
    try {
      return await supervise(port).start();
    } catch (error) {
      if (!(error instanceof PortTakenError) || round === 5) throw error;
      if (wish.asked && wish.port !== 0) throw new ConfigError([takenWords(wish)]);
    }
    port = (await choosePorts({ it: wish })).it.port;
    onMoved(port, noteOf(wish, port));
  }
}

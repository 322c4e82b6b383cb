import { StoppedError } from "../embedded/under-lock.ts";

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Does work with a signal that is aborted when somebody asks this process to stop. */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new StoppedError());
  for (const signal of stopSignals) process.on(signal, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of stopSignals) process.off(signal, onSignal);
  }
}

import { ConfigError } from "#platform/config/read-config.ts";

/**
 * A service's whole life as a process: starts it, waits until somebody asks it to stop, and stops it in order. A wrong
 * setting ends the process with the list of all that are wrong; every other failure is a fault and keeps its stack.
 */
export async function runService(start: () => Promise<AsyncDisposable>): Promise<void> {
  const told = Promise.withResolvers<unknown>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, told.resolve);
  try {
    await using service = await start();
    void service;
    await told.promise;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

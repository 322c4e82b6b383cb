/** Asks this process to stop when the launcher that started it was killed, since nobody else will. */
export function endWithLauncher(): void {
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // To listen is no reason to stay.
  process.channel?.unref();
}

import type { MoveParts } from "./move-parts.ts";

/** Loads the migrator, which no other command needs: they start the sooner without it. */
export async function loadMoveParts(): Promise<MoveParts> {
  const { moveParts } = await import("./real-parts.ts");
  return moveParts;
}

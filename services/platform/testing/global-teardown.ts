import { postgresUser } from "#platform/embedded/server-user.ts";
import { removeTestFolders } from "./test-folder.ts";

/** Jest calls this when all tests are over: it leaves no server and no folder of theirs behind. */
export async function endTestServers(): Promise<void> {
  await removeTestFolders(postgresUser());
}

import type { Client } from "pg";
import type { MoveOptions } from "../directory/directory.ts";
import { joinMoved } from "../directory/moved-rows.ts";
import { readDirectory } from "../directory/read-directory.ts";
import { resolveDirectory } from "../directory/resolve-directory.ts";
import { readDossiers, readDossiersByIds } from "../dossier/read-dossiers.ts";
import { claimUnits } from "../dossier/unit-claims.ts";
import type { DirectoryState, MoveSteps } from "./apply-changes.ts";
import { resolutionOf } from "./resolution.ts";

/** The steps of the first copy, for changes. @param applyMoved how it writes. */
export function moveSteps(options: MoveOptions, applyMoved: MoveSteps["applyMoved"]): MoveSteps {
  return {
    readDirectory: (source) => readDirectoryState(source, options),
    readDossiers: readDossiersByIds,
    applyMoved,
  };
}

/**
 * Decides about people and organizations as the old database has them, and about the units that trips are underway with.
 * In the transaction of the connection, which must see one snapshot.
 */
export async function readDirectoryState(source: Client, options: MoveOptions): Promise<DirectoryState> {
  const { input, evidence } = await readDirectory(source);
  const { directory, moved, moveUnits } = resolveDirectory(input, evidence, options);
  const claims = await claimUnits(readDossiers(source, { isUnderway: true }), directory);
  return {
    directory,
    claims,
    moved: joinMoved([moved, moveUnits(new Set(claims.keys()))]),
    resolution: resolutionOf(directory, input, claims),
  };
}

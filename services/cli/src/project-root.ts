import { fileURLToPath } from "node:url";

/** The folder that holds package.json, whatever folder the command was started in; ends with a slash. */
export const projectRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

import { stripTypeScriptTypes } from "node:module";

/**
 * Makes JavaScript of TypeScript exactly as Node does when it runs a file: types become blanks, so that line and
 * column of every error stay true without a source map.
 *
 * @type {import("@jest/transform").SyncTransformer}
 */
const transformer = {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: "strip" }) }),
};

export default transformer;

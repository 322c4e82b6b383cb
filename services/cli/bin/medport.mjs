#!/usr/bin/env node
// The way in. Plain JavaScript for any Node from 18 on, without a dependency: it runs before anything is installed.
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installDependencies } from "./install.mjs";
import { runChild } from "./run-child.mjs";
import { chooseRuntime } from "./runtime.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

try {
  await installDependencies(root);
  const node = chooseRuntime(root);
  const path = [dirname(node), join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  process.exitCode = await runChild(node, [join(root, "services/cli/src/main.ts"), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: path },
  });
} catch (error) {
  console.error(`medport: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

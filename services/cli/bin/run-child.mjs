import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Signals that mean "stop" and are passed on. @type {readonly NodeJS.Signals[]} */
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** How often we look whether npm is still there. */
const parentCheckMs = 300;

/** A terminal and npm both send what one key press meant, within this time of each other. */
const samePressMs = 500;

/**
 * Runs a program to its end, and passes on to it the signals that ask us to stop. It gets a process group of its own:
 * otherwise Ctrl-C would reach it from the terminal, from npm and from us, and a second one often means "at once".
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { signalWholeGroup?: boolean }} options `signalWholeGroup` stops
 *   the program's own children with it, for a program that would leave them behind.
 * @returns {Promise<number>} its exit code, or 128 plus the number of the signal that ended it, as a shell has it
 * @throws {Error} if it cannot be started
 */
export function runChild(command, args, { signalWholeGroup = false, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, detached: true });
    const stopForwarding = forwardSignals((signal) => {
      if (signalWholeGroup && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    });
    child.once("error", (error) => {
      stopForwarding();
      reject(error);
    });
    child.once("exit", (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/**
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} stops the forwarding
 */
function forwardSignals(send) {
  let lastAt = -Infinity;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const now = performance.now();
    if (now - lastAt >= samePressMs) send(signal);
    lastAt = now;
  };
  for (const signal of stopSignals) process.on(signal, forward);
  const parentCheck = onNpmGone(() => forward("SIGTERM"));
  return () => {
    clearInterval(parentCheck);
    for (const signal of stopSignals) process.off(signal, forward);
  };
}

/**
 * Calls back once when the npm that started us has ended. npm passes a signal on to the shell between us, which dies of
 * it without a word. Nobody but npm is missed: whoever starts us in the background may leave.
 *
 * @param {() => void} tell
 */
function onNpmGone(tell) {
  if (process.env["npm_command"] === undefined) return undefined;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    tell();
  }, parentCheckMs);
  return check.unref();
}

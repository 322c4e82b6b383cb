import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "#platform/rpc/refusal.ts";

const patienceMs = 60_000;

/**
 * Asks until the answer is there: for what one silo learns from another by an event.
 * @param ask answers undefined while there is nothing yet.
 * @throws Error naming what was waited for, after a minute; whatever `ask` throws, at once.
 */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUpAt) throw new Error(`waited ${patienceMs / 1_000} s for ${what}`);
    await sleep(pauseMs);
  }
}

/** Takes NOT_FOUND for "nothing yet". */
export async function undefinedIfNotFound<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (reasonOf(error) === "RESOURCE_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Does what may be refused for a moment, such as taking a unit that another trip has not let go of yet.
 * @throws the refusal, if it still stands after a minute.
 */
export async function whileRefusedWith<T>(reasons: readonly string[], act: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    try {
      return await act();
    } catch (error) {
      if (!reasons.includes(reasonOf(error) ?? "") || performance.now() > giveUpAt) throw error;
      await sleep(pauseMs);
    }
  }
}

/** Repeats a call that carries no request_id, such as a login, while its service is out of reach. */
export async function whileOutOfReach<T>(act: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 1_000)) {
    try {
      return await act();
    } catch (error) {
      const outOfReach =
        error instanceof ConnectError && (error.code === Code.Unavailable || reasonOf(error) === undefined);
      if (!outOfReach || performance.now() > giveUpAt) throw error;
      await sleep(pauseMs);
    }
  }
}

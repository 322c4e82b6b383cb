import { describe, expect, it } from "@jest/globals";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { createHeardRevocations, type RevokedAccess } from "./heard-revocations.ts";
import type { Revocation } from "./revocations.ts";

const validFrom = new Date("2026-03-01T12:00:00Z");

/** A silo's revocations over what a test says was heard, on a clock of the test's own. */
class Scene {
  nowMs = 1_000_000;
  loads = 0;
  heard: RevokedAccess = { endedSessions: new Set(), accounts: new Map() };
  /** What the database does instead of answering. */
  trouble: (() => Promise<RevokedAccess>) | undefined;
  readonly #log = createMemoryLog("hospital");
  readonly revocations = createHeardRevocations({
    load: () => {
      this.loads += 1;
      return this.trouble ? this.trouble() : Promise.resolve(this.heard);
    },
    log: this.#log.log,
    monotonicMs: () => this.nowMs,
  });

  get warnings(): number {
    return this.#log.logged.filter((line) => line.includes("revocations.refresh_failed")).length;
  }

  end(sessionId: string): void {
    this.heard = { ...this.heard, endedSessions: new Set([...this.heard.endedSessions, sessionId]) };
  }

  change(userId: string, active: boolean): void {
    this.heard = { ...this.heard, accounts: new Map([[userId, { active, tokensValidFrom: validFrom }]]) };
  }

  find(over: { sessionId?: string; userId?: string; issuedAtMs?: number } = {}): Promise<Revocation | undefined> {
    return this.revocations.find({ sessionId: "s", userId: "u", issuedAtMs: validFrom.getTime(), ...over });
  }
}

describe("what a silo has heard", () => {
  it("speaks against a session that ended, and against no other", async () => {
    const scene = new Scene();
    scene.end("s");
    expect(await scene.find()).toBe("ENDED");
    expect(await scene.find({ sessionId: "t" })).toBeUndefined();
  });

  it("speaks against tokens that an account's change has outdated, and not against those issued from then on", async () => {
    const scene = new Scene();
    scene.change("u", true);
    expect(await scene.find({ issuedAtMs: validFrom.getTime() - 1_000 })).toBe("SUPERSEDED");
    expect(await scene.find()).toBeUndefined();
    expect(await scene.find({ userId: "v", issuedAtMs: 0 })).toBeUndefined();
  });

  it("speaks against a shut account's tokens as against an ended session", async () => {
    const scene = new Scene();
    scene.change("u", false);
    expect(await scene.find({ issuedAtMs: validFrom.getTime() - 1_000 })).toBe("ENDED");
  });

  it("is read once in two seconds, however many ask", async () => {
    const scene = new Scene();
    await Promise.all(Array.from({ length: 1_000 }, () => scene.find()));
    scene.end("s");
    scene.nowMs += 1_999;
    expect(await scene.find()).toBeUndefined();
    expect(scene.loads).toBe(1);
    scene.nowMs += 1;
    expect(await Promise.all([scene.find(), scene.find()])).toEqual(["ENDED", "ENDED"]);
    expect(scene.loads).toBe(2);
  });

  it("is read anew for the first who asks after a long silence, before that call is let through", async () => {
    const scene = new Scene();
    await scene.find();
    scene.end("s");
    scene.nowMs += 3_600_000;
    expect(await scene.find()).toBe("ENDED");
  });
});

describe("without its database", () => {
  const away = () => Promise.reject(new Error("connection refused"));

  it("a silo goes by what it knew last, and says so in the log once", async () => {
    const scene = new Scene();
    scene.end("s");
    await scene.find();
    scene.trouble = away;
    for (let round = 0; round < 3; round += 1) {
      scene.nowMs += 2_000;
      expect(await scene.find()).toBe("ENDED");
      expect(await scene.find({ sessionId: "t" })).toBeUndefined();
    }
    expect(scene.loads).toBe(4);
    expect(scene.warnings).toBe(1);
  });

  it("a silo that never knew anything believes nobody", async () => {
    const scene = new Scene();
    scene.trouble = away;
    expect(await scene.find().catch(reasonOf)).toBe("DEPENDENCY_DOWN");
    scene.trouble = undefined;
    scene.nowMs += 2_000;
    expect(await scene.find()).toBeUndefined();
  });

  it("a silo does not wait for long for an answer that does not come, and takes it when it does", async () => {
    const scene = new Scene();
    await scene.find();
    const answer = Promise.withResolvers<RevokedAccess>();
    scene.trouble = () => answer.promise;
    scene.nowMs += 2_000;
    expect(await scene.find()).toBeUndefined();
    scene.nowMs += 60_000;
    expect(await scene.find()).toBeUndefined();
    expect(scene.loads).toBe(2);
    scene.end("s");
    answer.resolve(scene.heard);
    await answer.promise;
    scene.trouble = away;
    scene.nowMs += 2_000;
    expect(await scene.find()).toBe("ENDED");
  });
});

import bcrypt from "bcrypt";
import { describe, expect, it } from "@jest/globals";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { createPasswordHasher } from "./password.hasher.ts";

const password = "seven violet otters";

describe("hashing passwords", () => {
  it("uses a cost of 12 unless told otherwise", async () => {
    const hasher = await createPasswordHasher();
    expect(bcrypt.getRounds(await hasher.hash(password))).toBe(12);
  });

  it("verifies what it hashed, and what others hashed as $2a$", async () => {
    const hasher = await createPasswordHasher({ cost: 4 });
    const hash = await hasher.hash(password);
    const older = hash.replace("$2b$", "$2a$");
    const verdicts = await hasher.inTurn((verifier) =>
      Promise.all([
        verifier.verify(password, hash),
        verifier.verify(password, older),
        verifier.verify("seven violet otter", hash),
        verifier.verify(password, undefined),
      ]),
    );
    expect(verdicts).toEqual([true, true, false, false]);
  });

  it("does not take a password for one that is the same for 72 bytes", async () => {
    const hasher = await createPasswordHasher({ cost: 4 });
    const long = "x".repeat(72);
    const hash = await hasher.hash(long);
    expect(await hasher.inTurn((verifier) => verifier.verify(`${long}y`, hash))).toBe(false);
  });

  it("does not take the empty password for one that it cannot hash", async () => {
    const hasher = await createPasswordHasher({ cost: 4 });
    const hash = await bcrypt.hash("", 4);
    expect(await hasher.inTurn((verifier) => verifier.verify("x".repeat(80), hash))).toBe(false);
  });

  it("makes a new hash of one whose cost is lower than today's, and only then", async () => {
    const hasher = await createPasswordHasher({ cost: 5 });
    const [older, current] = [await bcrypt.hash(password, 4), await bcrypt.hash(password, 5)];
    const made = await hasher.inTurn(async (verifier) => [
      await verifier.rehash(password, older),
      await verifier.rehash(password, current),
    ]);
    expect(made).toEqual([expect.stringMatching(/^\$2b\$05\$/), undefined]);
  });

  it("hashes within a turn without waiting for another, though all turns do so", async () => {
    const hasher = await createPasswordHasher({ cost: 4 });
    const turn = () => hasher.inTurn(async (verifier) => verifier.verify(password, await verifier.hash(password)));
    expect(await Promise.all(Array.from({ length: 10 }, turn))).toEqual(Array.from({ length: 10 }, () => true));
  });

  it("lets two work and sixteen wait, and refuses the rest as RATE_LIMITED", async () => {
    const hasher = await createPasswordHasher({ cost: 4 });
    const gate = Promise.withResolvers<void>();
    let [atOnce, most] = [0, 0];
    const turns = Array.from({ length: 30 }, () =>
      hasher.inTurn(async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await gate.promise;
        atOnce -= 1;
      }),
    );
    gate.resolve();
    const ends = await Promise.allSettled(turns);
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [reasonOf(end.reason)] : []));
    expect(refused).toEqual(Array.from({ length: 12 }, () => "RATE_LIMITED"));
    expect(most).toBe(2);
  });
});

import { describe, expect, it } from "@jest/globals";
import { decodeJwt } from "jose";
import { createTestKeys } from "./auth.builder.ts";
import { createServiceTokens } from "./service-token.ts";

describe("service tokens", () => {
  it("name one issuer, one target and two minutes", async () => {
    const keys = await createTestKeys();
    const now = new Date("2026-03-01T12:00:00.500Z");
    const tokens = createServiceTokens({ service: "ems", privateJwk: keys.serviceKeys.ems, clock: () => now });
    const { iat, exp, jti, ...claims } = decodeJwt(await tokens.tokenFor("hospital"));
    expect(claims).toEqual({ iss: "ems", sub: "ems", aud: "hospital" });
    expect((exp ?? 0) - (iat ?? 0)).toBe(120);
    expect(jti).toEqual(expect.any(String));
  });

  it("are used again until half a minute before their end", async () => {
    const keys = await createTestKeys();
    let nowMs = Date.UTC(2026, 2, 1, 12);
    const tokens = createServiceTokens({
      service: "ems",
      privateJwk: keys.serviceKeys.ems,
      clock: () => new Date(nowMs),
    });
    const first = await tokens.tokenFor("hospital");
    nowMs += 89_999;
    expect(await tokens.tokenFor("hospital")).toBe(first);
    nowMs += 1;
    expect(await tokens.tokenFor("hospital")).not.toBe(first);
  });

  it("differ for each target", async () => {
    const keys = await createTestKeys();
    const tokens = createServiceTokens({
      service: "center",
      privateJwk: keys.serviceKeys.center,
      clock: () => new Date(),
    });
    const [one, other] = await Promise.all([tokens.tokenFor("hospital"), tokens.tokenFor("ems")]);
    expect([decodeJwt(one).aud, decodeJwt(other).aud]).toEqual(["hospital", "ems"]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { CompactSign } from "jose";
import { generatePrivateJwk, publicJwkFrom, signingKey, tokenAlgorithm } from "#platform/auth/jwk.ts";
import { reportType, signReport, UntrustedReportError, verifyReport } from "./json.ts";
import { aReport } from "./report.builder.ts";

describe("a signed report", () => {
  it("is read again as it was signed, with the key's name", async () => {
    const key = await generatePrivateJwk("center:");
    const jws = await signReport(aReport(), key);
    const { report, kid } = await verifyReport(`${jws}\n`, [await otherKey(), publicJwkFrom(key)]);
    expect(report).toEqual(aReport());
    expect(kid).toBe(key.kid);
  });

  it("is refused when a figure was changed", async () => {
    const key = await generatePrivateJwk("center:");
    const [head, , signature] = (await signReport(aReport(), key)).split(".");
    const forged = Buffer.from(JSON.stringify(aReport({ quarantinedOpenTrips: 0 }))).toString("base64url");
    await expect(verifyReport([head, forged, signature].join("."), [publicJwkFrom(key)])).rejects.toThrow(
      UntrustedReportError,
    );
  });

  it("is refused when another key signed it, be it one of the same name", async () => {
    const key = await generatePrivateJwk("center:");
    const jws = await signReport(aReport(), key);
    await expect(verifyReport(jws, [await otherKey()])).rejects.toThrow("no key of ours");
    await expect(verifyReport(jws, [{ ...(await otherKey()), kid: key.kid }])).rejects.toThrow("signature is wrong");
  });

  it.each([
    ["a token of the same key", "JWT", aReport()],
    ["a report of another version", reportType, { ...aReport(), version: 2 }],
  ])("is not %s", async (_what, typ, payload) => {
    const key = await generatePrivateJwk("center:");
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: tokenAlgorithm, typ, kid: key.kid })
      .sign(await signingKey(key));
    await expect(verifyReport(jws, [publicJwkFrom(key)])).rejects.toThrow(UntrustedReportError);
  });

  it("is no text that is not signed", async () => {
    await expect(verifyReport("{}", [])).rejects.toThrow(UntrustedReportError);
  });
});

async function otherKey(): Promise<ReturnType<typeof publicJwkFrom>> {
  return publicJwkFrom(await generatePrivateJwk("center:"));
}

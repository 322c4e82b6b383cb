import { CompactSign, compactVerify, errors } from "jose";
import { type PrivateJwk, type PublicJwk, signingKey, tokenAlgorithm, verifyingKey } from "#platform/auth/jwk.ts";
import { type MoveReport, reportVersion } from "./report.ts";

/** Says in the signature's header what was signed, so that no other text of the same key passes for a report. */
export const reportType = "medport-migration-report+jws";

/** The report as data, for people's eyes. */
export function reportJson(report: MoveReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** The report as a JWS in compact form (RFC 7515): its payload is the report as JSON, its `kid` names the key. */
export async function signReport(report: MoveReport, key: PrivateJwk): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(report)))
    .setProtectedHeader({ alg: tokenAlgorithm, typ: reportType, kid: key.kid })
    .sign(await signingKey(key));
}

/** A signed report is not what it says it is. */
export class UntrustedReportError extends Error {
  constructor(why: string) {
    super(`the report cannot be trusted: ${why}`);
    this.name = "UntrustedReportError";
  }
}

/**
 * Checks a signed report.
 * @param keys those that may sign it.
 * @returns the report as it was signed, and the key's id.
 * @throws UntrustedReportError if the signature is not that of one of the keys, or what was signed is no report.
 */
export async function verifyReport(
  jws: string,
  keys: readonly PublicJwk[],
): Promise<{ readonly report: MoveReport; readonly kid: string }> {
  const { payload, protectedHeader } = await verified(jws, keys);
  if (protectedHeader.typ !== reportType) throw new UntrustedReportError("something else was signed");
  const report: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (typeof report !== "object" || report === null || !("version" in report) || report.version !== reportVersion) {
    throw new UntrustedReportError("it is of another version");
  }
  // Signed by us, in this version: it has the members that this version has.
  return { report: report as MoveReport, kid: protectedHeader.kid ?? "" };
}

async function verified(jws: string, keys: readonly PublicJwk[]): Promise<Awaited<ReturnType<typeof compactVerify>>> {
  try {
    return await compactVerify(
      jws.trim(),
      async ({ kid }) => {
        const key = keys.find((candidate) => candidate.kid === kid);
        if (!key) throw new UntrustedReportError("no key of ours signed it");
        return verifyingKey(key);
      },
      { algorithms: [tokenAlgorithm] },
    );
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new UntrustedReportError("its signature is wrong");
    throw error;
  }
}

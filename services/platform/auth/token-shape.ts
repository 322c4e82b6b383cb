import { z } from "zod";
import { isKeyId, tokenAlgorithm } from "./jwk.ts";

/** Longer tokens are refused before anything is computed on them. Ours are below 1,000 characters. */
export const maxTokenLength = 4_096;

const headerSchema = z.strictObject({
  alg: z.literal(tokenAlgorithm),
  typ: z.string(),
  kid: z.custom<string>(isKeyId),
});

/** What a token says about itself before anybody has verified it. */
export interface TokenHeader {
  readonly typ: string;
  readonly kid: string;
}

/**
 * Reads the header of a signed token; undefined for everything that this mesh never issues, so that no attack on a
 * parser or a key lookup comes further: other algorithms, encrypted or nested tokens, keys brought along (`jwk`, `jku`,
 * `x5u`, `x5c`), `crit`, repeated members, and encodings that say the same in other letters.
 */
export function readTokenHeader(token: string): TokenHeader | undefined {
  if (token.length > maxTokenLength) return undefined;
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || !isCanonicalBase64Url(signature)) return undefined;
  if (canonicalJson(payload) === undefined) return undefined;
  return headerSchema.safeParse(canonicalJson(header)).data;
}

/** The value of a part; undefined unless it is spelled exactly as our own issuers spell it, which repeats no member. */
function canonicalJson(part: string): unknown {
  if (!isCanonicalBase64Url(part)) return undefined;
  const text = Buffer.from(part, "base64url").toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The last letter of a part can carry bits that decoders ignore, which would let an altered token pass as equal. */
function isCanonicalBase64Url(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}

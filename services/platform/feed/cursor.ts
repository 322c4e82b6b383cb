import { createHash } from "node:crypto";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { decodePageToken, encodePageToken, type PageScope } from "#platform/rpc/page-token.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Place } from "./change.ts";

/** Where a watcher stood, as a cursor tells it. */
export interface Standpoint {
  readonly place: Place;
  /** Whether the watcher saw what the caller may see now. If not, changes of what is visible were not told one by one. */
  readonly isSameView: boolean;
}

const pattern = /^([\w-]+)\.([\w-]*)\.(\d{1,18})\.([\w-]*)$/;

/**
 * Spells and reads the cursors of one stream. Like a page token a cursor is opaque and not secret; it grants nothing,
 * because permission is looked at with every item. A class because a stream spells thousands of them and what binds them
 * to the caller and the filter is worked out once.
 */
export class Cursors {
  readonly #scope: PageScope;
  readonly #binding: string;
  #view: { readonly key: string; readonly digest: string } | undefined;

  constructor(scope: PageScope) {
    this.#scope = scope;
    this.#binding = encodePageToken([], scope);
  }

  /** The cursor that goes on after a place. */
  spell({ seq, mark }: Place, viewKey: string): string {
    return `${this.#binding}.${this.#digestOf(viewKey)}.${seq}.${mark}`;
  }

  /** @throws Refusal PAGE_TOKEN_MISMATCH if the cursor was made for another method, filter or caller, or not by us. */
  read(cursor: string, viewKey: string): Standpoint {
    const [, binding = "", view = "", seq = "0", mark = ""] = pattern.exec(cursor) ?? [];
    if (binding === "") throw refuse(Reason.PAGE_TOKEN_MISMATCH, "the cursor is not one of ours");
    decodePageToken(binding, this.#scope);
    return { place: { seq: BigInt(seq), mark }, isSameView: view === this.#digestOf(viewKey) };
  }

  #digestOf(viewKey: string): string {
    if (this.#view?.key !== viewKey) this.#view = { key: viewKey, digest: shortDigest(viewKey) };
    return this.#view.digest;
  }
}

/** A few letters that differ where the text does. */
export function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 12);
}

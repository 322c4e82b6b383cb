import { v7 } from "uuid";

declare const brand: unique symbol;

/** A string that knows what it identifies: a `UnitId` does not fit where a `TripId` is wanted. */
export type Id<Name extends string> = string & { readonly [brand]: Name };

/** Makes a new id: a UUIDv7, so that ids of one kind sort by the time they were made. */
export type IdSource = () => string;

/** The one source of ids outside tests. */
export const newId: IdSource = () => v7();

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads an id from the wire or from a row; undefined if it is not one. The one place where text becomes an id. */
export function parseId<T extends Id<string>>(text: string): T | undefined {
  return idPattern.test(text) ? (text as T) : undefined;
}

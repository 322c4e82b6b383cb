import { hash } from "node:crypto";

/** The ids of rows: each follows from its table, its index and the seed, here as well as in SQL. */
export interface Keys {
  /** The id of row number `index` of a table: 25 characters, in the order of the indexes, as the old application's were. */
  readonly of: (table: string, index: number) => string;
  /** The same as an SQL expression. @param index an SQL expression of type int8. */
  readonly sql: (table: string, index: string) => string;
  /** An SQL expression from 0 up to, not including, 1 that follows from the index. @param salt tells throws for one row apart. */
  readonly diceSql: (index: string, salt: number) => string;
  /** A whole number from 0 up to, not including, `below`. */
  readonly wholeSql: (index: string, salt: number, below: number) => string;
}

/** The ids of one generated database. */
export function createKeys(seed: number): Keys {
  const diceSql = (index: string, salt: number): string =>
    `((hashint8extended(${index}, ${seed * 1_000 + salt}) >> 20 & 1048575) / 1048576.0::float8)`;
  return {
    of: (table, index) =>
      `c${index.toString(16).padStart(8, "0")}${hash("md5", `${table}.${index}.${seed}`, "hex").slice(0, 16)}`,
    sql: (table, index) =>
      `('c' || lpad(to_hex(${index}), 8, '0') || left(md5('${table}.' || (${index}) || '.${seed}'), 16))`,
    diceSql,
    wholeSql: (index, salt, below) => `floor(${diceSql(index, salt)} * ${below})::int8`,
  };
}

import { connect } from "node:net";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";

describe("errors under Jest", () => {
  it("are instances of Error when Node's core made them", async () => {
    const error: unknown = await once(connect({ port: 1, host: "127.0.0.1" }), "connect").catch(
      (cause: unknown) => cause,
    );
    expect(error instanceof Error).toBe(true);
  });

  it("are instances of their own class, and of no other", () => {
    class Mine extends Error {}
    class Other extends Error {}
    const mine: unknown = new Mine();
    expect([mine instanceof Mine, mine instanceof Error, mine instanceof Other]).toEqual([true, true, false]);
  });

  it("are no instances of Error when they are something else", () => {
    const values: readonly unknown[] = [undefined, null, "Error", { message: "Error" }];
    expect(values.map((value) => value instanceof Error)).toEqual([false, false, false, false]);
  });

  it("tell the line of the source", async () => {
    const [, line] = /node-errors-environment\.test\.ts:(\d+):/.exec(new Error("here").stack ?? "") ?? [];
    const source = (await readFile("tests/jest/node-errors-environment.test.ts", "utf8")).split("\n");
    expect(source[Number(line) - 1]).toContain('new Error("here")');
  });
});

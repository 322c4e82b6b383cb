import { describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { plantedRules } from "./planted-rules.ts";

const root = new URL("../../", import.meta.url);

describe("a rule to be planted wrongly", () => {
  it.each(
    plantedRules.flatMap(({ name, also, ...first }) => [first, ...(also ? [also] : [])].map((it) => ({ name, ...it }))),
  )("stands in the code exactly once: $name", async ({ file, right, wrong }) => {
    const text = await readFile(new URL(file, root), "utf8");
    expect(text.split(right)).toHaveLength(2);
    expect(wrong).not.toBe(right);
  });
});

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { renderEnvExample } from "./env-example.ts";
import { allSettings } from "./settings.ts";

const committed = readFile(fileURLToPath(new URL("../../../.env.example", import.meta.url)), "utf8");

describe(".env.example", () => {
  it("is what the settings say; npm run generate makes it so", async () => {
    expect(await committed).toBe(renderEnvExample(allSettings()));
  });

  it("changes nothing for whoever copies it as it is", async () => {
    expect(parseEnv(await committed)).toEqual({});
  });

  it("names each setting once", () => {
    const names = allSettings().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("holds examples that their own setting accepts", () => {
    const refused = allSettings().filter(({ schema, fallback, example }) => {
      const text = fallback ?? example;
      return text !== undefined && !schema.safeParse(text).success;
    });
    expect(refused.map(({ name }) => name)).toEqual([]);
  });
});

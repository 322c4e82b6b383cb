import { readFile } from "node:fs/promises";
import { getOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { code, ReasonSchema } from "#gen/medport/errors/v1/reason_pb.ts";

/** The reasons of the proto, each with its code's name as gRPC writes it. */
const defined = new Map(
  ReasonSchema.values
    .filter((value) => value.number !== 0)
    .map((value) => [value.localName, codeName(getOption(value, code))]),
);

describe("docs/errors.md", () => {
  it("explains every reason that a call can be refused with, and no other", async () => {
    const documented = await documentedReasons();
    expect([...documented.keys()].toSorted()).toEqual([...defined.keys()].toSorted());
  });

  it("names the code that each reason goes with", async () => {
    expect(Object.fromEntries(await documentedReasons())).toEqual(Object.fromEntries(defined));
  });
});

async function documentedReasons(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile("docs/errors.md", "utf8");
  return new Map(
    [...text.matchAll(/^### (\w+)\n\n`(\w+)`/gm)].map(([, reason = "", codeOfIt = ""]) => [reason, codeOfIt]),
  );
}

function codeName(number: number): string {
  // gRPC and Connect spell this one code differently.
  if (number === Code.Canceled) return "CANCELLED";
  return (Code[number] ?? "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

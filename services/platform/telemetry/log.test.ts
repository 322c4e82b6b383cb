import { describe, expect, it } from "@jest/globals";
import { createLog, type Logger, type LogLevel } from "./log.ts";

/** A log whose lines a test can read. */
function readableLog(level: LogLevel = "info"): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLog({ service: "ems", level, destination: { write: (line) => void lines.push(line) } }) };
}

function onlyEntry(lines: readonly string[]): Record<string, unknown> {
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

describe("the log", () => {
  it("writes one line of JSON with time, level, service and event", () => {
    const { log, lines } = readableLog();
    log.warn({ event: "relay.fenced", seq: 7 });
    const entry = onlyEntry(lines);
    expect(entry).toMatchObject({ level: "warn", service: "ems", event: "relay.fenced", seq: 7 });
    expect(new Date(String(entry["time"])).getTime()).toBeGreaterThan(0);
  });

  it("stays one line when a field holds line breaks", () => {
    const { log, lines } = readableLog();
    log.info({ event: "call.refused", reason: 'a\r\n{"event":"forged"}' });
    expect(onlyEntry(lines)["reason"]).toBe('a\r\n{"event":"forged"}');
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n]/);
  });

  it("leaves out what is below its level", () => {
    const { log, lines } = readableLog("warn");
    log.info({ event: "relay.started" });
    expect(lines).toEqual([]);
  });

  it("adds a child's fields to each of its entries", () => {
    const { log, lines } = readableLog();
    log.child({ stream: "EVT_EMS" }).info({ event: "relay.started" });
    expect(onlyEntry(lines)).toMatchObject({ stream: "EVT_EMS", event: "relay.started" });
  });

  it.each(["err", "error"])(
    "keeps of an error in the field %s its words and cause, and not its other properties",
    (field) => {
      const { log, lines } = readableLog();
      const cause = Object.assign(new Error("duplicate key"), {
        code: "23505",
        detail: "Key (name)=(Jane Doe) exists",
      });
      log.error({ event: "call.failed", [field]: new Error("not saved", { cause }) });
      const entry = onlyEntry(lines);
      expect(entry[field]).toMatchObject({ type: "Error", message: "not saved", cause: { code: "23505" } });
      expect(lines[0]).not.toContain("Jane Doe");
    },
  );

  it("never writes a password", () => {
    const { log, lines } = readableLog();
    log.info({ event: "login", password: "hunter2", user: { token: "abc" } });
    expect(onlyEntry(lines)).toMatchObject({ password: "[redacted]", user: { token: "[redacted]" } });
  });
});

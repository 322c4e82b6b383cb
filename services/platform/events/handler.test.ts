import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "@jest/globals";
import { UserCreatedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandler, type EventMeta, on, together } from "./handler.ts";

const done: string[] = [];
const noting = (name: string) => (): Promise<void> => {
  done.push(name);
  return Promise.resolve();
};
const created = toBinary(UserCreatedSchema, create(UserCreatedSchema, {}));

// What these handlers do with a transaction and with an event's circumstances is nothing.
const handle = (handler: EventHandler | undefined, payload: Uint8Array): Promise<void> | undefined =>
  handler?.handle({} as Tx, payload, {} as EventMeta);

describe("handlers put together", () => {
  it("are one for each type of event, which does what all of them do, in their order", async () => {
    const handlers = together(
      [on(UserCreatedSchema, noting("copy")), on(UserUpdatedSchema, noting("other"))],
      [on(UserCreatedSchema, noting("revoke"))],
    );
    expect(handlers.map(({ type }) => type.typeName)).toEqual([UserCreatedSchema.typeName, UserUpdatedSchema.typeName]);
    await handle(handlers[0], created);
    expect(done).toEqual(["copy", "revoke"]);
  });

  it("fail when one of them does", async () => {
    const failing = on(UserCreatedSchema, () => Promise.reject(new Error("no")));
    const [handler] = together([on(UserCreatedSchema, noting("first"))], [failing]);
    await expect(handle(handler, created)).rejects.toThrow("no");
  });
});

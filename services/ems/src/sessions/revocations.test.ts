import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { UserCreatedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aHospitalDispatcher, anAgencyDispatcher, anOverseer, startTestEms, type TestEms } from "../ems.builder.ts";

type Person = ReturnType<typeof anAgencyDispatcher>;

let test: TestEms;
beforeAll(async () => {
  test = await startTestEms();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

const inMs = (ms: number) => timestampFromDate(new Date(Date.now() + ms));
const withNewIds = (person: Person): Person => ({ ...person, userId: newId(), sessionId: newId() });

async function outcomeOf(person: Person): Promise<string | undefined> {
  return test
    .as(person)
    .units.listUnits({})
    .then(
      () => "answered",
      (error: unknown) => reasonOf(error),
    );
}

/** What is heard counts within two seconds and the time that an event takes. */
function eventuallyGets(person: Person, outcome: string): Promise<void> {
  return eventually(async () => expect(await outcomeOf(person)).toBe(outcome), { withinMs: 10_000, everyMs: 100 });
}

function userEvent({ userId: id, userType, organizationId = "" }: Person, over: object) {
  const user = { id, userType: UserType[userType], organizationId, email: `${id}@x.example`, name: "Harper Hill" };
  return { user: { ...user, active: true, ...over } };
}

describe("EMS, told by Center", () => {
  it("refuses the tokens of a session that ended, and of no other", async () => {
    const ended = withNewIds(anAgencyDispatcher("agency-1"));
    const other = { ...ended, sessionId: newId() };
    expect(await outcomeOf(ended)).toBe("answered");
    const { sessionId, userId } = ended;
    await test.tell(SessionEndedSchema, { sessionId, userId, tokensExpireTime: inMs(900_000) }, sessionId);
    await eventuallyGets(ended, "SESSION_ENDED");
    expect(await outcomeOf(other)).toBe("answered");
  });

  it.each([
    ["a hospital", () => aHospitalDispatcher("hospital-1")],
    ["an agency", () => anAgencyDispatcher("agency-1")],
    ["Center", () => anOverseer()],
  ])("refuses a shut account of %s, though it keeps copies of agencies' people alone", async (_whose, person) => {
    const shut = withNewIds(person());
    expect(await outcomeOf(shut)).not.toBe("SESSION_ENDED");
    await test.tell(UserCreatedSchema, userEvent(shut, {}), shut.userId, 1);
    const tokensValidFromTime = inMs(60_000);
    await test.tell(UserUpdatedSchema, userEvent(shut, { active: false, tokensValidFromTime }), shut.userId, 2);
    await eventuallyGets(shut, "SESSION_ENDED");
  });

  it("asks for a new token when an account has changed, and believes it", async () => {
    const changed = withNewIds(anAgencyDispatcher("agency-1"));
    const { userId } = changed;
    expect(await outcomeOf(changed)).toBe("answered");
    await test.tell(UserCreatedSchema, userEvent(changed, { tokensValidFromTime: inMs(60_000) }), userId, 1);
    await eventuallyGets(changed, "TOKEN_EXPIRED");
    // Each call brings a token made for it, which is younger than this.
    await test.tell(UserUpdatedSchema, userEvent(changed, { tokensValidFromTime: inMs(-2_000) }), userId, 2);
    await eventuallyGets(changed, "answered");
  });

  it("refuses a shut account of which the event names no time", async () => {
    const shut = withNewIds(anAgencyDispatcher("agency-1"));
    await test.tell(UserCreatedSchema, userEvent(shut, { active: false }), shut.userId, 1);
    await eventually(async () => {
      const [row] = await test.query("select active from revoked_account where user_id = $1", [shut.userId]);
      expect(row).toEqual({ active: false });
    });
  });

  it("keeps nothing of what no token can rest on any more", async () => {
    const [person, session] = [withNewIds(anAgencyDispatcher("agency-1")), newId()];
    const { userId } = person;
    await test.tell(SessionEndedSchema, { sessionId: session, userId, tokensExpireTime: inMs(-1_000) }, session);
    const longAgo = inMs(-3_600_000);
    await test.tell(UserCreatedSchema, userEvent(person, { active: false, tokensValidFromTime: longAgo }), userId, 1);
    await eventually(async () => {
      const rows = await test.query("select from inbox_cursor where aggregate_id in ($1, $2) and last_ver = 1", [
        session,
        userId,
      ]);
      expect(rows).toHaveLength(2);
    });
    expect(await test.query("select from ended_session where session_id = $1", [session])).toEqual([]);
    expect(await test.query("select from revoked_account where user_id = $1", [userId])).toEqual([]);
    expect(await test.query("select is_active from agency_user where id = $1", [userId])).toEqual([
      { is_active: false },
    ]);
  });
});

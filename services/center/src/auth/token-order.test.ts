import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { decodeJwt } from "jose";
import { Client } from "pg";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { Role } from "#gen/medport/policy/v1/principal_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { createAccount, goodPassword } from "../users/account.builder.ts";

let center: TestCenter;
let other: Client;
let time = new Date("2026-03-01T12:00:00.000Z");

beforeAll(async () => {
  center = await startTestCenter("center token order", { clock: () => time });
  other = new Client({ connectionString: center.silo.adminUrl });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await center[Symbol.asyncDispose]();
});

const anybody = () => center.clientWith(AuthService, {});

async function loggedIn() {
  const { id, email } = await createAccount(center.database, { roles: ["viewer"] });
  const { session } = await anybody().login({ email, password: goodPassword });
  return { id, email, refreshToken: session?.refreshToken ?? "" };
}

/** Does something while another transaction has the account, and lets that one go on when it is waited for. */
async function whileHeld<T>(
  hold: string,
  id: string,
  work: () => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<T> {
  await other.query("begin");
  await other.query(`select from user_account where id = $1 ${hold}`, [id]);
  const result = work();
  await eventually(async () => {
    const { rows } = await other.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rows).not.toHaveLength(0);
  });
  await meanwhile();
  await other.query("commit");
  return result;
}

describe("a token and a change of its account", () => {
  it("come one after the other: new roles wait for a token that is being made, and end it", async () => {
    const { id } = await loggedIn();
    const update = () =>
      center.client(UserService).updateUser({
        userId: id,
        details: { roles: [Role.DISPATCHER] },
        updateMask: { paths: ["roles"] },
      });
    const { user } = await whileHeld("for share", id, update, async () => {
      time = new Date(time.getTime() + 3_000);
    });
    // Later than the very moment in which the account was let go.
    expect(user?.tokensValidFromTime).toEqual(timestampFromDate(new Date(time.getTime() + 1_000)));
  });

  it("come one after the other: a token waits for new roles, and carries them", async () => {
    const { id, refreshToken } = await loggedIn();
    const change = () => other.query("update user_account set roles = '{billing}' where id = $1", [id]);
    const refresh = () => anybody().refreshSession({ refreshToken });
    const { session } = await whileHeld("for update", id, refresh, change);
    expect(decodeJwt(session?.accessToken ?? "")["roles"]).toEqual(["billing"]);
  });

  it("come one after the other: a login waits for the account to be shut, and is refused", async () => {
    const { id, email } = await loggedIn();
    const shut = () => other.query("update user_account set is_active = false where id = $1", [id]);
    const login = () =>
      anybody()
        .login({ email, password: goodPassword })
        .catch((error: unknown) => reasonOf(error));
    expect(await whileHeld("for update", id, login, shut)).toBe("CREDENTIALS_INVALID");
  });

  it("count by the second: a token made within the second of a change is good, one from before it is not", async () => {
    const { id, refreshToken } = await loggedIn();
    const made = await anybody().refreshSession({ refreshToken });
    const details = { roles: [Role.DISPATCHER] };
    await center.client(UserService).updateUser({ userId: id, details, updateMask: { paths: ["roles"] } });
    const renewed = await anybody().refreshSession({ refreshToken: made.session?.refreshToken ?? "" });
    const outcomeOf = (token = "") =>
      center
        .clientWith(AuthService, { authorization: `Bearer ${token}` })
        .verifyToken({})
        .then(
          () => "answered",
          (error: unknown) => reasonOf(error),
        );
    expect(await outcomeOf(made.session?.accessToken)).toBe("TOKEN_EXPIRED");
    expect(await outcomeOf(renewed.session?.accessToken)).toBe("answered");
  });
});

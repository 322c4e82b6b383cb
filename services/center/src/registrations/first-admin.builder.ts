import { newId } from "#platform/id.ts";
import { goodPassword } from "../users/account.builder.ts";

/** What is told of an organization's first admin, fit for tests: nobody else has the address. Name only what matters. */
export function aFirstAdmin(over: Partial<FirstAdminFields> = {}): FirstAdminFields {
  return {
    email: `${newId()}@organization.example`,
    password: goodPassword,
    name: "Frankie First",
    mustChangePassword: false,
    ...over,
  };
}

interface FirstAdminFields {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly mustChangePassword: boolean;
}

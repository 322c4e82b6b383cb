import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { badRequest, refuse } from "#platform/rpc/refusal.ts";

/**
 * The hospital in whose name a person acts: its own people's comes from the token, Center's people name it.
 * @param named what the request says; a hospital's people leave it empty, or repeat their own.
 * @throws Refusal ACTION_NOT_ALLOWED for another hospital's, and for a hospital's person of whom nobody knows which that is;
 * VALIDATION_FAILED if Center names none.
 */
export function hospitalActedFor({ userType, organizationId }: UserIdentity, named: string): string {
  switch (userType) {
    case "HOSPITAL":
      if (organizationId === undefined) throw refuse(Reason.ACTION_NOT_ALLOWED, "the account acts for no hospital");
      if (named === "" || named === organizationId) return organizationId;
      throw refuse(Reason.ACTION_NOT_ALLOWED, "only Center acts for a hospital other than its own");
    case "CENTER":
      if (named !== "") return named;
      throw refuse(Reason.VALIDATION_FAILED, "hospital_id is demanded of Center", {
        details: [badRequest([{ field: "hospital_id", description: "is demanded of Center" }])],
      });
    case "EMS":
      throw refuse(Reason.ACTION_NOT_ALLOWED, "an agency acts for no hospital");
  }
}

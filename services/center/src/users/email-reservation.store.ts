import type { Tx } from "#platform/database/database.ts";
import { EmailReservationEntity } from "./email-reservation.entity.ts";

/** An e-mail address that is kept for an account to come. */
export interface EmailReservation {
  /** In normal form. */
  readonly email: string;
  /** What it is kept for. */
  readonly holder: string;
  readonly reservedAt: Date;
}

/** Who keeps an address; undefined if nobody does. */
export async function findReservation(tx: Tx, email: string): Promise<EmailReservation | undefined> {
  return (await tx.findOne(EmailReservationEntity, { email }, { disableIdentityMap: true })) ?? undefined;
}

/** Keeps an address. Changes nothing if the holder keeps it already. */
export async function insertReservation(tx: Tx, reservation: EmailReservation): Promise<void> {
  await tx.upsert(
    EmailReservationEntity,
    { ...reservation },
    { onConflictFields: ["email"], onConflictAction: "ignore" },
  );
}

/** Forgets the address that a holder keeps, if there is one. */
export async function deleteReservation(tx: Tx, holder: string): Promise<void> {
  await tx.nativeDelete(EmailReservationEntity, { holder });
}

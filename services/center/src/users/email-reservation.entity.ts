import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";

/** E-mail addresses of accounts that are not there yet: each is kept for what its holder names. */
export const EmailReservationEntity = defineEntity({
  name: "EmailReservation",
  tableName: "email_reservation",
  properties: {
    email: p.text().primary(),
    holder: p.text().unique("email_reservation_holder_key"),
    reservedAt: p.datetime(3),
  },
});

/** One row of reserved addresses. */
export type EmailReservationRow = InferEntity<typeof EmailReservationEntity>;

import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";

/** The last that Hospital heard of each agency, from EMS's events. EMS owns them. */
export const AgencyEntity = defineEntity({
  name: "Agency",
  tableName: "agency",
  properties: {
    id: p.text().primary(),
    name: p.text(),
    serviceArea: p.array(),
    active: p.boolean(),
    status: p.text().$type<"ACTIVE" | "INACTIVE" | "PENDING">(),
    /** The whole agency as EMS told it: a medport.ems.v1.Agency in binary. */
    message: p.blob(),
    version: p.integer(),
    toldAt: p.datetime(3),
  },
});

/** One row of `agency`. */
export type AgencyRow = InferEntity<typeof AgencyEntity>;

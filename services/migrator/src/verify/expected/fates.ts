import { plan } from "../../plan/plan.ts";
import type { Comparison } from "../comparison.ts";

/** What became of the rows of a table: pk, fate, into_id; of trips and bids those that were not simply moved. */
const fates: Readonly<Record<string, string>> = {
  User: "select id as pk, fate, into_id, bad as reason from v_person",
  AgencyUser: "select id, case when bad is null then 'MIGRATED' else 'QUARANTINED' end, null, bad from v_crew",
  Facility: "select id, case when bad is null then 'MIGRATED' else 'QUARANTINED' end, null, bad from v_place",
  TransportAgency: `select id, case when bad is not null then 'QUARANTINED' when is_disguise then 'ARCHIVED' else 'MIGRATED' end, null, bad from v_agency`,
  Unit: "select id, case when bad is null then 'MIGRATED' else 'QUARANTINED' end, null, bad from v_unit",
  UnitAvailability:
    "select id, case when bad is null then 'MIGRATED' else 'QUARANTINED' end, null, bad from v_availability",
  Route: "select id, case when bad is null then 'MIGRATED' else 'QUARANTINED' end, null, bad from v_route",
  RouteStop: `select s.id, case when r.bad is null then 'MERGED' else 'ARCHIVED' end, case when r.bad is null then r.id end, null
                from "RouteStop" s left join v_route r on r.id = s."routeId"`,
  ServiceArea: `select s.id, case when s."isActive" and a.id is not null then 'MERGED' else 'ARCHIVED' end,
                       case when s."isActive" and a.id is not null then a.id end, null
                  from "ServiceArea" s left join v_real_agency a on a.id = s."agencyId"`,
  HospitalAgencyPreference: `select id, case when bad is not null then 'QUARANTINED' when place = 1 then 'MIGRATED' else 'MERGED' end,
                                    case when bad is null and place > 1 then winner end, bad from v_preference`,
  TransportRequest: "select id, 'QUARANTINED', null, bad from v_trip where bad is not null",
  TransportBid: "select id, 'QUARANTINED', null, bad from v_bid where bad is not null",
};

/** The note of every row's fate, with why it is in quarantine. */
export const fateComparisons: readonly Comparison[] = Object.entries(fates).map(([table, rows]) => {
  const silo = plan.find(({ name }) => name === table)?.owner ?? "center";
  return {
    table: `${silo}.migration.ledger`,
    silo,
    key: { expected: `'${table} ' || l.pk`, actual: "a.source_table || ' ' || a.pk" },
    columns: {
      fate: "l.fate",
      into_id: "l.into_id",
      quarantine: { expected: "case when l.fate = 'QUARANTINED' then l.reason end", actual: "q.reason" },
    },
    expected: `(${rows}) l (pk, fate, into_id, reason)`,
    actual: `v_ledger a left join migration.quarantine q on q.source_table = a.source_table and q.pk = a.pk where a.source_table = '${table}'`,
  };
});

import { Migration } from "@mikro-orm/migrations";
import { auditIndexes } from "#platform/database/platform-schema.ts";

/** Facts about promises that were made about trips, and more ways into the audit log. */
export class Analytics extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const promises: readonly string[] = [
  `alter table trip_fact
    add column window_start  timestamptz(3),
    add column window_end    timestamptz(3),
    add column sla_start     timestamptz(3),
    add column paused_since  timestamptz(3),
    add column assign_due_at timestamptz(3),
    add column assign_state  text,
    add column pickup_due_at timestamptz(3),
    add column pickup_state  text`,

  // Trips from before clocks could be paused, limits be configured, and windows be asked for, as Hospital sees them, too.
  `update trip_fact set
    sla_start = requested_at,
    assign_due_at = requested_at + interval '1 minute' * case priority
      when 'URGENT' then 10 when 'HIGH' then 20 when 'MEDIUM' then 30 else 60 end,
    pickup_due_at = requested_at + interval '1 minute' * case priority
      when 'URGENT' then 60 when 'HIGH' then 120 when 'MEDIUM' then 240 else 480 end`,
  `update trip_fact set
    assign_state = case
      when agency_id is not null then case when accepted_at <= assign_due_at then 'MET' when accepted_at is not null then 'MISSED' end
      when cancelled_at is not null then case when cancelled_at <= assign_due_at then 'VOID' else 'MISSED' end
      else 'RUNNING' end,
    pickup_state = case
      when picked_up_at is not null then case when picked_up_at <= pickup_due_at then 'MET' else 'MISSED' end
      when status in ('IN_PROGRESS', 'COMPLETED') then null
      when cancelled_at is not null then case when cancelled_at <= pickup_due_at then 'VOID' else 'MISSED' end
      else 'RUNNING' end`,
];

const statements: readonly string[] = [...promises, ...auditIndexes];

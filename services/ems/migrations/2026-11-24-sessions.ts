import { Migration } from "@mikro-orm/migrations";
import { revocationSchema } from "#platform/auth/revocation-tables.ts";
import { auditIndexes } from "#platform/database/platform-schema.ts";

/** Which sessions and accounts have ended, and more ways into the audit log. */
export class Sessions extends Migration {
  override up(): void {
    for (const statement of [...revocationSchema, ...auditIndexes]) this.addSql(statement);
  }
}

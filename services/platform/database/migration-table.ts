/** Where the names of the applied migrations are kept. Kept out of schema.txt: it belongs to the tool. */
export const migrationTable = "schema_migration";

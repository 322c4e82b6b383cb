const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** True if calls and the subjects of events can name a record by this id. */
export function isUsableId(id: string): boolean {
  return idPattern.test(id);
}

/** The first and the last moment that a Timestamp of Protocol Buffers has. */
const [firstMs, lastMs] = [Date.parse("0001-01-01T00:00:00Z"), Date.parse("9999-12-31T23:59:59.999Z")];

/** True if a message can carry this time. Infinity, which PostgreSQL knows, is an invalid Date here. */
export function isUsableTime(time: Date): boolean {
  const ms = time.getTime();
  return ms >= firstMs && ms <= lastMs;
}

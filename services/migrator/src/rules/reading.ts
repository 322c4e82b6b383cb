/** What a rule made of a value of the old database, which may be of any shape. */
export interface Reading<Value> {
  readonly value: Value;
  /** The kind of issue, if something was lost or guessed. */
  readonly issue?: string;
}

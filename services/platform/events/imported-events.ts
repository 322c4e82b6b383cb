/**
 * The epoch, in place of a stream's, of events about records of the former system that were over when they were imported:
 * the stream never had them, and what the stream has lost is not looked for among them. Whoever wants them told clears
 * `published_at` and `stream_epoch`.
 */
export const importedEpoch = "imported";

/** When an event was published that is held back: it is not owed, and was not told. Cleared to tell it. */
export const heldBack = "infinity";

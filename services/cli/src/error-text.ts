/**
 * What to print when a command fails: the sentence and what caused it. A bug in our own code shows its whole stack.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TypeError || error instanceof ReferenceError) return error.stack ?? error.message;
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${errorText(error.cause)}`;
}

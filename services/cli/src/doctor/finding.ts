/** What the doctor has seen of one thing. */
export interface Finding {
  /** `problem`: the mesh does not work as it should. `warning`: it does, and may soon not. */
  readonly grade: "ok" | "warning" | "problem";
  /** What was looked at, such as "EMS's database". */
  readonly subject: string;
  /** What was seen, as a sentence. */
  readonly seen: string;
  /** What to do about it; empty if nothing. */
  readonly advice: string;
}

/** All is well with it. */
export function well(subject: string, seen: string): Finding {
  return { grade: "ok", subject, seen, advice: "" };
}

/** It works, and may soon not. */
export function warning(subject: string, seen: string, advice: string): Finding {
  return { grade: "warning", subject, seen, advice };
}

/** It does not work as it should. */
export function problem(subject: string, seen: string, advice: string): Finding {
  return { grade: "problem", subject, seen, advice };
}

import { hash } from "node:crypto";
import type { Reading } from "./reading.ts";

/** The former system's codes, and those of its sample data: nothing about a patient can be read from either. */
const pseudonyms = /^(?:P[0-9A-F]{8}|(?:demo|test)-patient-[0-9]{1,6})$/;

/**
 * A patient's pseudonym (R-PHI). What is not one, and may be a medical record number, is replaced. The new code is made of
 * the trip's id alone: a code made of the number itself would betray it to anybody who tries all numbers. So trips of one
 * patient whose number was replaced have different codes.
 */
export function patientIdFrom(patientId: string, tripId: string): Reading<string> {
  if (pseudonyms.test(patientId)) return { value: patientId };
  // As long as those that Hospital makes itself, so that no two trips meet.
  const digits = hash("sha256", `patient ${tripId}`, "hex").slice(0, 24).toUpperCase();
  return { value: `P-${digits}`, issue: "PATIENT_ID_REPLACED" };
}

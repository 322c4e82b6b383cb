import { z } from "zod";

/** Whether a service does its work. */
export type HealthStatus = "SERVING" | "NOT_SERVING";

const answer = z.object({ status: z.string() });

/** Asks a service for its health; one that does not answer in time is NOT_SERVING. Never throws. */
export async function askHealth(address: string, timeoutMs = 2_000): Promise<HealthStatus> {
  try {
    const response = await fetch(`http://${address}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return answer.parse(await response.json()).status === "SERVING" ? "SERVING" : "NOT_SERVING";
  } catch {
    // Out of reach, or not one of ours: to whoever asks it is the same.
    return "NOT_SERVING";
  }
}

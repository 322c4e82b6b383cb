import { Command, InvalidArgumentError } from "commander";
import { connectMesh } from "../../../client/connect-mesh.ts";
import { assembleCast } from "../demo/cast.ts";
import { playAll } from "../demo/play.ts";
import { type DemoReport, reportOf } from "../demo/report.ts";
import { Recorder, type Step } from "../demo/step.ts";
import { runningMesh } from "../embedded/running-mesh.ts";

interface DemoOptions {
  readonly json?: boolean;
  readonly count: number;
  readonly concurrency?: number;
}

/** `medport demo`: plays real trips on the running mesh and prints each step. Ends with 1 when anything is not as it should be. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("play a trip on the running mesh, as three people would")
    .option("--count <number>", "how many trips to play", positiveInteger, 1)
    .option("--concurrency <number>", "how many of them at once (all of them, if absent)", positiveInteger)
    .option("--json", "print the result as data")
    .action(async (options: DemoOptions) => {
      const report = await demonstrate(options);
      if (options.json) console.log(JSON.stringify(report, null, 2));
      else printReport(report, options.count);
      if (!report.ok) process.exitCode = 1;
    });
}

async function demonstrate({ count, concurrency = count, json = false }: DemoOptions): Promise<DemoReport> {
  const { addresses, accounts } = await runningMesh();
  const watched = !json && count === 1;
  const recorder = new Recorder(watched ? printStep : () => undefined);
  const startedAt = performance.now();
  // A minute, so that a service may be killed and come back while trips are under way.
  using mesh = connectMesh({ addresses, retryForMs: 60_000 });
  const cast = await assembleCast(mesh, accounts, recorder);
  let done = 0;
  const onTrip = (): void => {
    done += 1;
    if (!watched && (done % 20 === 0 || done === count)) console.error(`${done} of ${count} trips completed`);
  };
  const played = await playAll(cast, recorder, { count, concurrency, onTrip });
  return reportOf(played, recorder, (performance.now() - startedAt) / 1_000);
}

let story = "";

function printStep(step: Step): void {
  if (step.story !== story) console.log(`\n${step.story}`);
  story = step.story;
  console.log(
    `  ${step.actor.padEnd(26)}${step.name.padEnd(32)}${step.silos.join(" -> ").padEnd(20)}${step.latencyMs.toFixed(1).padStart(8)} ms`,
  );
}

function printReport(report: DemoReport, count: number): void {
  console.log(`\nhistory of ${report.trip.number}`);
  for (const entry of report.history)
    console.log(`  ${String(entry.version).padStart(3)}  ${entry.time}  ${entry.status.padEnd(12)} ${entry.change}`);
  if (count > 1) {
    console.log("\nlatency in ms                                                  p50      p99");
    for (const { story: of, name, latencyMs } of report.steps) {
      console.log(
        `  ${`${of}: ${name}`.padEnd(56)}${latencyMs.p50.toFixed(1).padStart(8)} ${latencyMs.p99.toFixed(1).padStart(8)}`,
      );
    }
  }
  const { p50, p99 } = report.visibleInEmsAfterMs;
  console.log(`\nvisible in EMS after its commit in Hospital: p50 ${p50} ms, p99 ${p99} ms`);
  for (const { story: of, expected } of report.disappointments) console.log(`not as it should be, ${of}: ${expected}`);
  for (const error of report.errors) console.log(`failed: ${error}`);
  console.log(
    `${report.trips.completed} of ${report.trips.played} trips completed; ${report.ok ? "all is as it should be" : "something is not as it should be"}`,
  );
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

import { serviceTitles } from "#platform/config/settings.ts";
import type { SampleAccount } from "../sample/accounts.ts";
import type { MeshStatus } from "./mesh-status.ts";

/** What to tell a person about a mesh. */
export interface MeshTableOptions {
  readonly status: MeshStatus;
  readonly accounts: readonly SampleAccount[];
  /** What is not as one would expect. */
  readonly notes: readonly string[];
}

/** The whole table: where everything is and how it does, who can log in, and calls to paste. */
export function meshTable({ status, accounts, notes }: MeshTableOptions): string {
  const parts = [
    statusTable(status),
    ...(notes.length > 0 ? [notes.map((note) => `Note: ${note}`).join("\n")] : []),
    ...(accounts.length > 0 ? [`Sample accounts\n${accountRows(accounts)}`] : []),
    `Calls to paste\n${sampleCalls(status, accounts)}`,
  ];
  return parts.join("\n\n");
}

/** Where everything is and how it does. */
export function statusTable({ services, databases, broker }: MeshStatus): string {
  return rows([
    ...services.map(({ name, address, status }) => [serviceTitles[name], address, status]),
    ...databases.map(({ name, address, ok, latencyMs }) => [
      `${serviceTitles[name]}'s database`,
      address,
      ok ? `ok, ${latencyMs} ms` : "no answer",
    ]),
    ["Broker", broker.address, broker.ok ? "ok" : "no answer"],
  ]);
}

function accountRows(accounts: readonly SampleAccount[]): string {
  return rows(accounts.map(({ email, password, organization }) => [email, password, organization]));
}

function sampleCalls({ services }: MeshStatus, accounts: readonly SampleAccount[]): string {
  const center = services.find(({ name }) => name === "center")?.address ?? "";
  const hospital = services.find(({ name }) => name === "hospital")?.address ?? "";
  const login = "medport.center.v1.AuthService/Login";
  const { email, password } = accounts.find(({ userType }) => userType === "HOSPITAL") ?? {
    email: "you@example.org",
    password: "your password",
  };
  const body = `'${JSON.stringify({ email, password })}'`;
  const json = "-H 'content-type: application/json'";
  return indented([
    `grpcurl -plaintext ${hospital} list`,
    `grpcurl -plaintext -d ${body} ${center} ${login}`,
    `npx buf curl --protocol grpc --http2-prior-knowledge -d ${body} http://${center}/${login}`,
    `curl -s ${json} -d ${body} http://${center}/${login}`,
    `TOKEN=$(curl -s ${json} -d ${body} http://${center}/${login} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${json} -H "authorization: Bearer $TOKEN" -d '{}' http://${hospital}/medport.hospital.v1.TripService/ListTrips`,
  ]);
}

/** Rows with their columns under each other. */
function rows(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return indented(
    cells.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
  );
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

/** The services of the mesh. Each has a database of its own. */
export const serviceNames = ["hospital", "ems", "center"] as const;

/** One service of the mesh, as it stands in tokens, subjects, settings and logs. */
export type ServiceName = (typeof serviceNames)[number];

/** Reads a service's name; undefined if there is no such service. */
export function parseServiceName(text: string): ServiceName | undefined {
  return serviceNames.find((name) => name === text);
}

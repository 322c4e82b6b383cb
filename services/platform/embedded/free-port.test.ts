import { createServer, type Server } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { freePort, isPortFree, loopback, onFreePort, PortTakenError, similarPorts } from "./free-port.ts";

async function holdPort(port: number, host = loopback): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return server;
}

describe("finding a free port", () => {
  it("says that a port is free when nobody listens on it", async () => {
    expect(await isPortFree(await freePort())).toBe(true);
  });

  it.each(["127.0.0.1", "0.0.0.0"])("says that a port is taken when somebody listens on it at %s", async (host) => {
    const port = await freePort();
    const server = await holdPort(port, host);
    expect(await isPortFree(port)).toBe(false);
    server.close();
  });

  it("proposes ports that look like the taken one", () => {
    expect(similarPorts(5432).slice(0, 2)).toEqual([54321, 54322]);
    expect(similarPorts(50051).slice(0, 2)).toEqual([50061, 50071]);
    expect(similarPorts(65530)).toEqual([]);
  });

  it("starts the server on another port when somebody was faster", async () => {
    const tried: number[] = [];
    const port = await onFreePort(async (candidate) => {
      tried.push(candidate);
      if (tried.length < 3) throw new PortTakenError(candidate, "the test's server");
      return candidate;
    });
    expect(tried).toHaveLength(3);
    expect(port).toBe(tried.at(-1));
  });

  it("does not try again when the server failed for another reason", async () => {
    await expect(onFreePort(() => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
  });
});

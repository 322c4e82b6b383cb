import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { freePort, loopback } from "#platform/embedded/free-port.ts";
import { choosePorts, type PortWish } from "./choose-ports.ts";

const holders: Server[] = [];

async function takenPort(): Promise<number> {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, loopback, resolve));
  holders.push(server);
  return port;
}

function aWish(over: Partial<PortWish>): PortWish {
  return { server: "EMS", variable: "EMS_PORT", port: 0, asked: false, ...over };
}

describe("choosing ports", () => {
  afterEach(() => {
    for (const server of holders.splice(0)) server.close();
  });

  it("takes the usual port when it is free, and has nothing to say", async () => {
    const port = await freePort();
    expect(await choosePorts({ ems: aWish({ port }) })).toEqual({ ems: { port } });
  });

  it("takes another one when the usual port is taken, and says so", async () => {
    const port = await takenPort();
    const { ems } = await choosePorts({ ems: aWish({ port }) });
    expect(ems.port).not.toBe(port);
    expect(ems.note).toBe(`${port} is taken, EMS listens on ${ems.port}`);
  });

  it("refuses when a port was asked for and is taken, naming each", async () => {
    const port = await takenPort();
    const wish = aWish({ port, asked: true });
    await expect(choosePorts({ ems: wish, hospital: { ...wish, variable: "HOSPITAL_PORT" } })).rejects.toThrow(
      /EMS_PORT=\d+ .*\nHOSPITAL_PORT=\d+ /,
    );
  });

  it("gives no port twice", async () => {
    const port = await freePort();
    const { ems, hospital } = await choosePorts({ ems: aWish({ port }), hospital: aWish({ port }) });
    expect(hospital.port).not.toBe(ems.port);
  });

  it("leaves the choice of port 0 to the operating system", async () => {
    const { ems } = await choosePorts({ ems: aWish({ port: 0, asked: true }) });
    expect(ems.port).toBeGreaterThan(0);
  });
});

import { loopback } from "#platform/embedded/free-port.ts";
import { findNatsServer, isAtLeast, type NatsBinary } from "#platform/embedded/nats-binary.ts";
import { brokerUsers, type BrokerUser } from "#platform/embedded/nats-config.ts";
import { type NatsServer, startNatsServer } from "#platform/embedded/nats-server.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { subscriptions } from "./all-subscriptions.ts";
import { logFile, rotateLog } from "./mesh-folder.ts";
import { brokerPortWish } from "./mesh-plan.ts";
import { forEachSilo } from "./mesh-state.ts";
import type { OpenedMesh } from "./open-mesh.ts";
import type { BrokerAccess } from "./service-environment.ts";
import { startOnPort } from "./start-on-port.ts";
import { Supervised } from "./supervised.ts";

/** The newest of the releases that we test with: older ones work, with fewer promises. */
const bestVersion = "2.10.27";

/** How each service reaches the broker; an embedded one runs and is watched over by `parts`. */
export async function startBroker(
  mesh: OpenedMesh,
  parts: AsyncDisposableStack,
): Promise<Readonly<Record<ServiceName, BrokerAccess>>> {
  const { plan, settings, secrets, progress } = mesh;
  const { brokerPort } = plan;
  if (brokerPort === undefined) {
    return forEachSilo((service) => {
      const password = settings.silos[service].natsPassword;
      return { url: plan.brokerUrl, ...(password !== undefined && { user: service, password }) };
    });
  }
  return progress.step("Broker", async (say) => {
    const binary = await findNatsServer({
      environment: settings.environment,
      onFetch: () => say("fetching nats-server from this machine's package archive"),
    });
    if (!isAtLeast(binary.version, bestVersion)) mesh.state.note(oldVersionNote(binary));
    const { url, port } = await superviseBroker(mesh, parts, binary, brokerPort);
    const value = forEachSilo((service) => ({ url, user: service, password: secrets.broker[service] }));
    return { value, words: `${loopback}:${port}, nats-server ${binary.version}` };
  });
}

async function superviseBroker(
  mesh: OpenedMesh,
  parts: AsyncDisposableStack,
  binary: NatsBinary,
  firstPort: number,
): Promise<NatsServer> {
  const { folder, state, secrets, settings } = mesh;
  const log = logFile(folder, "nats");
  await rotateLog(log);
  const passwords = Object.fromEntries(brokerUsers.map((user) => [user, { password: secrets.broker[user] }]));
  return startOnPort<NatsServer>({
    wish: brokerPortWish(settings),
    port: firstPort,
    onMoved: (port, note) => {
      state.setBroker({ address: `${loopback}:${port}` });
      state.note(note);
    },
    supervise: (port) =>
      parts.adopt(
        new Supervised({
          title: "the broker",
          start: () =>
            startNatsServer({
              ...{ binary, port, subscriptions, logFile: log },
              folder: folder.broker,
              passwords: passwords as Record<BrokerUser, { password: string }>,
            }),
          onPid: (pid) => state.setBroker({ pid }),
          say: (sentence) => mesh.progress.say(sentence),
        }),
        (supervised) => supervised.stop(),
      ),
  });
}

function oldVersionNote({ path, version }: NatsBinary): string {
  return `${path} is nats-server ${version}: it works, but ${bestVersion} and newer write each event to disk before they acknowledge it`;
}

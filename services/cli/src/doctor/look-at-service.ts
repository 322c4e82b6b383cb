import {
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  create,
  toBinary,
} from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from "#gen/grpc/health/v1/health_pb.ts";
import { serviceTitles } from "#platform/config/settings.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { type Finding, problem, warning, well } from "./finding.ts";

/**
 * Looks at one service with a gRPC client that is not ours, so that a fault of our own client cannot hide one of the
 * server.
 */
export async function lookAtService(name: ServiceName, address: string): Promise<readonly Finding[]> {
  const subject = `${serviceTitles[name]} at ${address}`;
  const client = new Client(address, credentials.createInsecure());
  try {
    const [own, broker] = [await health(client, ""), await health(client, "broker")];
    return [
      own === "SERVING"
        ? well(subject, "serves")
        : problem(
            subject,
            "answers and does not serve",
            `See its database below, and its log .medport/logs/${name}.log`,
          ),
      broker === "SERVING"
        ? well(subject, "reaches the broker")
        : warning(subject, "does not reach the broker: it works, and others learn of it later", "See the broker below"),
    ];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [
      problem(subject, `does not answer: ${text}`, `Start it ("npm start"), and see its log .medport/logs/${name}.log`),
    ];
  } finally {
    client.close();
  }
}

async function health(client: Client, service: string): Promise<"SERVING" | "NOT_SERVING"> {
  const answer = await unary(
    client,
    "/grpc.health.v1.Health/Check",
    HealthCheckRequestSchema,
    HealthCheckResponseSchema,
    { service },
  );
  return answer.status === HealthCheckResponse_ServingStatus.SERVING ? "SERVING" : "NOT_SERVING";
}

function unary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  path: string,
  input: I,
  output: O,
  request: MessageInitShape<I>,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (message: MessageShape<I>) => Buffer.from(toBinary(input, message)),
      (bytes) => fromBinary(output, bytes),
      create(input, request),
      { deadline: Date.now() + 3_000 },
      (error, answer) => {
        if (error) reject(error);
        else if (answer) resolve(answer);
        else reject(new Error(`${path} was answered without a message`));
      },
    );
  });
}

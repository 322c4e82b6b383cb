import { readdir } from "node:fs/promises";
import {
  createRegistry,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromJson,
  type JsonObject,
  toJson,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema, ResourceInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";

/** A method where it can be called. */
export interface Door {
  /** Such as hospital.v1.TripService/GetTrip. */
  readonly name: string;
  readonly method: DescMethod;
  readonly silos: readonly ServiceName[];
}

/** What a caller learns from a call. */
export interface Learned {
  /** The refusal's reason; ANSWERED if there was none. */
  readonly reason: string;
  readonly message: string;
  /** The answer, or the details of the refusal, as JSON. */
  readonly details: string;
}

/** Calls methods by their descriptors, with nothing between the caller and the wire. */
export interface RawCalls extends Disposable {
  /** @param token absent for nobody. Of a stream only the first message is awaited. */
  call(silo: ServiceName, method: DescMethod, json: JsonObject, token: string | undefined): Promise<Learned>;
}

const packages = ["hospital", "ems", "center", "audit"] as const;

/** Every method of the mesh, found in the generated code, so that a new service cannot be forgotten. */
export async function everyDoor(): Promise<readonly Door[]> {
  const found = await Promise.all(packages.map(servicesOf));
  return found.flat().flatMap(({ typeName, methods }) =>
    methods.map((method) => ({
      name: fullNameOf(method).replace("medport.", ""),
      method,
      // The audit log is the same in every silo.
      silos: serviceNames.filter((silo) => typeName.startsWith(`medport.${silo}.`) || typeName.includes(".audit.")),
    })),
  );
}

async function servicesOf(name: string): Promise<readonly DescService[]> {
  const folder = new URL(`../../gen/medport/${name}/v1/`, import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith("_service_pb.ts"));
  const modules: readonly object[] = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  return modules.flatMap((module) => Object.values(module).filter(isService));
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

/** Connects to each silo. */
export function rawCalls(addresses: Readonly<Record<ServiceName, string>>): RawCalls {
  const sessions = new Map(serviceNames.map((silo) => [silo, new Http2SessionManager(`http://${addresses[silo]}`)]));
  const transports = new Map(
    [...sessions].map(([silo, session]) => [
      silo,
      createGrpcTransport({ baseUrl: session.authority, sessionManager: session }),
    ]),
  );
  return {
    call: async (silo, method, json, token) => {
      const transport = transports.get(silo);
      if (!transport) throw new Error(`there is no silo ${silo}`);
      try {
        const answer = await firstAnswer(transport, method, { json, token });
        return { reason: "ANSWERED", message: "", details: JSON.stringify(answer) };
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        return { reason: reasonOf(error) ?? error.message, message: error.rawMessage, details: detailsOf(error) };
      }
    },
    [Symbol.dispose]: () => sessions.forEach((session) => session.abort()),
  };
}

async function firstAnswer(
  transport: Transport,
  method: DescMethod,
  { json, token }: { readonly json: JsonObject; readonly token: string | undefined },
): Promise<unknown> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const input = fromJson(method.input, json);
  if (isUnary(method)) {
    const { message } = await transport.unary(method, undefined, 10_000, headers, input);
    return toJson(method.output, message);
  }
  if (!isStreaming(method)) throw new Error(`${method.name} is called in a way that is not known`);
  const end = new AbortController();
  const { message } = await transport.stream(method, end.signal, undefined, headers, once(input));
  for await (const first of message) {
    end.abort();
    return toJson(method.output, first);
  }
  return undefined;
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}

/** The details that our refusals carry. */
const registry = createRegistry(ErrorInfoSchema, ResourceInfoSchema, BadRequestSchema);

function detailsOf(error: ConnectError): string {
  return JSON.stringify([error.details.length, error.findDetails(registry)]);
}

/** The fields of a method's request that name a record, as paths: tripId, filter.hospitalId, agencies.agencyId. */
export function idFieldsOf({ input }: DescMethod): readonly string[] {
  return idFieldsIn(input, "");
}

function idFieldsIn({ fields }: DescMessage, path: string): readonly string[] {
  return fields.flatMap((field) => {
    if (field.message) {
      const isOurs = field.message.typeName.startsWith("medport.");
      return isOurs ? idFieldsIn(field.message, `${path}${field.localName}.`) : [];
    }
    // The request's own id names no record.
    return field.localName.endsWith("Id") && field.localName !== "requestId" ? [path + field.localName] : [];
  });
}

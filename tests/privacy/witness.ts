import type { DescField, DescMethod, DescService, Message } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import type { User } from "#gen/medport/center/v1/user_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { type Handling, handlingOf } from "./handling.ts";
import { messageOf, withPlanted } from "./planting.ts";
import { nameOf, stringRulesOf } from "./request-fields.ts";
import { type PlantedWord, PlantedWords } from "./words.ts";

/** Somebody in whose name calls are made, each with planted words for its texts. */
export interface Caller {
  of<S extends DescService>(service: S): Client<S>;
}

/** Somebody who is logged in. */
export interface Person extends Caller {
  readonly user: User;
  /** The same person, who writes where no text belongs. */
  readonly careless: Caller;
}

/** What a caller was told that did not get what it asked for. */
export interface ToldError {
  readonly method: string;
  /** Everything that reached the caller: the sentence, the details, the headers. */
  readonly text: string;
}

/**
 * Sends calls, plants a word in every text of each, and remembers what became of it. A class because it remembers, and
 * owns its connections.
 */
export class Witness implements Disposable {
  readonly words = new PlantedWords();
  readonly errors: ToldError[] = [];
  readonly #sessions: ReadonlyMap<ServiceName, Http2SessionManager>;

  constructor(addresses: Readonly<Record<ServiceName, string>>) {
    const sessionTo = (silo: ServiceName) => new Http2SessionManager(`http://${addresses[silo]}`);
    this.#sessions = new Map(serviceNames.map((silo) => [silo, sessionTo(silo)] as const));
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session.abort();
  }

  /** Logs somebody in. What is sent to do so is not replaced. */
  async logIn(email: string, password: string): Promise<Person> {
    const { session, user } = await createClient(AuthService, this.#transport("center", [])).login({ email, password });
    if (!session || !user) throw new Error("Center answered a login without a session");
    const authorized: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${session.accessToken}`);
      return next(request);
    };
    const caller = (belongs: (handling: Handling) => boolean): Caller => ({
      of: (service) => createClient(service, this.#transport(siloOf(service), [this.#planting(belongs), authorized])),
    });
    return { user, ...caller(takesText), careless: caller(() => true) };
  }

  /** Calls any method in somebody's name; of a stream, until its first message. @returns OK, or the refusal's reason. */
  async call(caller: Caller, method: DescMethod, request: Message): Promise<string> {
    const client = caller.of(method.parent) as unknown as Readonly<Record<string, AnyCall>>;
    const hangUp = new AbortController();
    try {
      const answer = client[method.localName]?.(request, { signal: hangUp.signal });
      if (answer && Symbol.asyncIterator in answer) await firstOf(answer);
      else await answer;
      return "OK";
    } catch (error) {
      this.#hear(method, error);
      return reasonOf(error) ?? Code[ConnectError.from(error).code];
    } finally {
      hangUp.abort();
    }
  }

  #transport(silo: ServiceName, interceptors: Interceptor[]): Transport {
    const sessionManager = this.#sessions.get(silo);
    if (!sessionManager) throw new Error(`there is no way to ${silo}`);
    return createGrpcTransport({ baseUrl: sessionManager.authority, sessionManager, interceptors });
  }

  #planting(belongs: (handling: Handling) => boolean): Interceptor {
    return (next) => async (request) => {
      const sent: PlantedWord[] = [];
      const plant = (message: Message): Message => {
        const identified = withRequestId(request.method, message);
        return withPlanted(request.method.input, identified, (field) =>
          this.#plant(field, request.method, { belongs, sent }),
        );
      };
      try {
        const answer = request.stream
          ? await next({ ...request, message: eachOf(request.message, plant) })
          : await next({ ...request, message: plant(request.message) });
        for (const word of sent) word.outcome = "taken";
        return answer;
      } catch (error) {
        for (const word of sent) word.outcome = "refused";
        this.#hear(request.method, error);
        throw error;
      }
    };
  }

  #plant(field: DescField, method: DescMethod, { belongs, sent }: Planting): string | undefined {
    const name = nameOf(field);
    const handling = handlingOf(name) ?? { kind: "is never taken", why: "it takes no sentences" };
    if (!belongs(handling)) return undefined;
    const planted = this.words.plant({ field: name, handling, silo: siloOf(method.parent) });
    sent.push(planted);
    return textWith(planted.word, field);
  }

  /** Remembers what a caller was told. */
  #hear({ parent, name }: DescMethod, error: unknown): void {
    const { message, rawMessage, metadata, details } = ConnectError.from(error);
    const text = [message, rawMessage, ...[...metadata].flat(), textOf(details)].join("\n");
    this.errors.push({ method: `${parent.name}/${name}`, text });
  }
}

/** A method of a client whose service is known only when it runs. */
type AnyCall = (request: Message, options: CallOptions) => Promise<unknown> | AsyncIterable<unknown>;

interface Planting {
  readonly belongs: (handling: Handling) => boolean;
  readonly sent: PlantedWord[];
}

function takesText({ kind }: Handling): boolean {
  return kind === "stays" || kind === "travels" || kind === "vanishes";
}

/** The silo whose service this is. The audit log that each silo has is asked for at Hospital. */
function siloOf({ typeName }: DescService): ServiceName {
  return serviceNames.find((silo) => typeName.startsWith(`medport.${silo}.`)) ?? "hospital";
}

/** The text in which a word is sent: a sentence, where one may stand. */
export function textWith(word: string, field: DescField): string {
  if (field.name === "email" || stringRulesOf(field)?.wellKnown.case === "email") return `${word}@doe.example`;
  if (field.name.endsWith("password")) return passwordWith(word);
  return field.fieldKind === "map" ? word : `Mrs Doe ${word}`;
}

/** The password in which a word is sent. */
export function passwordWith(word: string): string {
  return `${word} and violet otters`;
}

function withRequestId({ input }: DescMethod, message: Message): Message {
  return messageOf(input, (field) => {
    const value: unknown = Reflect.get(message, field.localName);
    return field.name === "request_id" && value === "" ? newId() : value;
  });
}

async function* eachOf<T>(messages: AsyncIterable<T>, change: (message: T) => T): AsyncIterable<T> {
  for await (const message of messages) yield change(message);
}

async function firstOf(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages) return;
}

/** Details are protobuf on the wire, in which texts stand as they are. */
function textOf(details: ConnectError["details"]): string {
  return details
    .map((detail) => ("type" in detail ? Buffer.from(detail.value).toString("latin1") : JSON.stringify(detail)))
    .join("\n");
}

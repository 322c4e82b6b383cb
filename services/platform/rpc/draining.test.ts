import { Code, createConnectRouter } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { describe, expect, it } from "@jest/globals";
import { Health } from "#gen/grpc/health/v1/health_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { newId } from "#platform/id.ts";
import { ErrorMask } from "./error-masking.ts";
import { Front } from "./front.ts";
import { masking } from "./interceptors/masking.ts";
import { chunks } from "./protocol.ts";
import { errorInfoOf, refuse } from "./refusal.ts";
import { aTestLog } from "./rpc.builder.ts";

/** The front of a server that is about to stop, asked without a network: what still arrives then is a matter of luck. */
function aDrainingFront(): Front {
  const { log } = aTestLog();
  const mask = new ErrorMask({ service: "hospital", log, newId });
  const router = createConnectRouter({ interceptors: [masking(mask)] });
  router.service(FacilityService, { getFacility: () => ({}) }).service(Health, { check: () => ({ status: 2 }) });
  return new Front({
    handlers: router.handlers,
    authenticator: { authenticate: () => Promise.resolve({}) },
    mask,
    turnAway: () => Promise.resolve(),
    stopping: {
      soft: AbortSignal.abort(refuse(Reason.DRAINING, "the service is stopping")),
      hard: new AbortController().signal,
    },
    cors: { allowedOrigins: [] },
    newId,
    log,
  });
}

async function answerTo(path: string, contentType: string, body: string): Promise<UniversalServerResponse> {
  const exchange = aDrainingFront().accept({
    request: {
      httpVersion: "2.0",
      method: "POST",
      url: `http://localhost${path}`,
      header: new Headers({ "content-type": contentType }),
      body: chunks(Buffer.from(body)),
      signal: new AbortController().signal,
    },
    rawHeaders: [],
  });
  const answer = await exchange.answer;
  exchange.finish();
  return answer;
}

describe("while the service drains, a new call", () => {
  it("is refused, and may be sent to another instance", async () => {
    const { trailer } = await answerTo("/medport.hospital.v1.FacilityService/GetFacility", "application/grpc", "");
    const error = findTrailerError(trailer ?? new Headers());
    expect([error?.code, errorInfoOf(error)]).toMatchObject([
      Code.Unavailable,
      { reason: "DRAINING", domain: "hospital.medport" },
    ]);
  });

  it("for the service's health is answered", async () => {
    const { status } = await answerTo("/grpc.health.v1.Health/Check", "application/json", "{}");
    expect(status).toBe(200);
  });
});

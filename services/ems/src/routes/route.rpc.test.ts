import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { RouteStatus, RouteType } from "#gen/medport/ems/v1/route_service_pb.ts";
import { newId } from "#platform/id.ts";
import { anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

describe("routes", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const waypoints = [
    { latitude: 40.5, longitude: -78.4 },
    { latitude: 40.8, longitude: -77.9 },
  ];
  const aRoute = (over = {}) => ({ name: "Altoona to State College", type: RouteType.STANDARD, waypoints, ...over });

  it("are added to the caller's agency, and told", async () => {
    const { route } = await blair.routes.createRoute(aRoute({ distanceMiles: "42.5", estimatedMinutes: 55 }));
    expect(route).toMatchObject({
      ...{ agencyId: "blair", name: "Altoona to State College", type: RouteType.STANDARD, waypoints },
      ...{ distanceMiles: "42.50", estimatedMinutes: 55, status: RouteStatus.ACTIVE },
    });
    const [event] = await test.query("select event_type from outbox_event where aggregate_id = $1", [route?.id]);
    expect(event).toEqual({ event_type: "medport.events.v1.RouteCreated" });
  });

  it("are added once for one request_id", async () => {
    const request = aRoute({ requestId: newId(), name: "Twice" });
    expect(await blair.routes.createRoute(request)).toEqual(await blair.routes.createRoute(request));
  });

  it("are listed by name, for their own agency alone", async () => {
    for (const name of ["Beta", "Alpha", "Gamma"]) await rival.routes.createRoute(aRoute({ name }));
    const first = await rival.routes.listRoutes({ pageSize: 2 });
    expect(first.routes.map(({ name }) => name)).toEqual(["Alpha", "Beta"]);
    expect(first.routes[0]).toMatchObject({ waypoints, distanceMiles: "", estimatedMinutes: 0 });
    const rest = await rival.routes.listRoutes({ pageSize: 2, pageToken: first.nextPageToken });
    expect([rest.routes.map(({ name }) => name), rest.nextPageToken]).toEqual([["Gamma"], ""]);
    expect(await refusalOf(test.as(anOverseer()).routes.listRoutes({}))).toBe("METHOD_NOT_ALLOWED");
  });

  it("have two points at least", async () => {
    expect(await refusalOf(blair.routes.createRoute(aRoute({ waypoints: waypoints.slice(1) })))).toBe(
      "VALIDATION_FAILED",
    );
  });
});

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
    expect(await refusalOf(rival.routes.listRoutes({ agencyId: "blair" }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("have two points at least", async () => {
    expect(await refusalOf(blair.routes.createRoute(aRoute({ waypoints: waypoints.slice(1) })))).toBe(
      "VALIDATION_FAILED",
    );
  });

  it("are listed for Center, all agencies' or one's", async () => {
    const center = test.as(anOverseer()).routes;
    const agency = await test.agency("seen");
    await agency.routes.createRoute(aRoute());
    const { routes } = await center.listRoutes({ agencyId: "seen" });
    expect(routes.map(({ agencyId }) => agencyId)).toEqual(["seen"]);
    const all = await center.listRoutes({ pageSize: 500 });
    expect(new Set(all.routes.map(({ agencyId }) => agencyId))).toEqual(new Set(["blair", "rival", "seen"]));
  });

  it("are read by their own agency, and by Center", async () => {
    const { route } = await blair.routes.createRoute(aRoute());
    const routeId = route?.id ?? "";
    expect((await blair.routes.getRoute({ routeId })).route).toEqual(route);
    expect((await test.as(anOverseer()).routes.getRoute({ routeId })).route).toEqual(route);
    expect(await refusalOf(rival.routes.getRoute({ routeId }))).toBe("RESOURCE_NOT_FOUND");
  });

  describe("change", () => {
    const added = async (over = {}): Promise<{ routeId: string; etag: string }> => {
      const { route } = await blair.routes.createRoute(aRoute({ distanceMiles: "10", estimatedMinutes: 20, ...over }));
      return { routeId: route?.id ?? "", etag: route?.etag ?? "" };
    };
    const eventsOf = async (routeId: string): Promise<number> =>
      (await test.query("select from outbox_event where aggregate_id = $1", [routeId])).length;

    it("in what the mask names, and in nothing else", async () => {
      const { routeId, etag } = await added();
      const details = { name: "Another", distanceMiles: "12.5", type: RouteType.CUSTOM, waypoints: [] };
      const updateMask = { paths: ["name", "distance_miles", "estimated_minutes"] };
      const { route } = await blair.routes.updateRoute({ routeId, etag, details, updateMask });
      expect(route).toMatchObject({ name: "Another", distanceMiles: "12.50", estimatedMinutes: 0 });
      expect(route).toMatchObject({ type: RouteType.STANDARD, waypoints, status: RouteStatus.ACTIVE });
      expect((await blair.routes.getRoute({ routeId })).route).toEqual(route);
      const events = await test.query(
        "select event_type, aggregate_ver from outbox_event where aggregate_id = $1 order by seq desc limit 1",
        [routeId],
      );
      expect(events).toEqual([{ event_type: "medport.events.v1.RouteUpdated", aggregate_ver: "2" }]);
      const stale = blair.routes.updateRoute({ routeId, etag, details, updateMask });
      expect(await refusalOf(stale)).toBe("ETAG_MISMATCH");
    });

    it("not at all if all is as it was", async () => {
      const { routeId, etag } = await added();
      const details = { waypoints, distanceMiles: "10.00" };
      const updateMask = { paths: ["waypoints", "distance_miles"] };
      expect((await blair.routes.updateRoute({ routeId, details, updateMask })).route?.etag).toBe(etag);
      expect(await eventsOf(routeId)).toBe(1);
    });

    it.each([
      ["name", { name: " " }],
      ["waypoints", { waypoints: waypoints.slice(1) }],
      ["type", {}],
      ["status", {}],
    ])("but not to a %s that says nothing", async (path, details) => {
      const { routeId } = await added();
      const changing = blair.routes.updateRoute({ routeId, details, updateMask: { paths: [path] } });
      expect(await refusalOf(changing)).toBe("VALIDATION_FAILED");
    });

    it("until they are archived, which is final", async () => {
      const { routeId } = await added();
      const become = (status: RouteStatus) =>
        blair.routes.updateRoute({ routeId, details: { status }, updateMask: { paths: ["status"] } });
      await become(RouteStatus.INACTIVE);
      const { route } = await become(RouteStatus.ARCHIVED);
      expect(await refusalOf(become(RouteStatus.ACTIVE))).toBe("INVALID_STATE_TRANSITION");
      expect((await become(RouteStatus.ARCHIVED)).route).toEqual(route);
      const renamed = blair.routes.updateRoute({ routeId, details: { name: "x" }, updateMask: { paths: ["name"] } });
      expect(await refusalOf(renamed)).toBe("INVALID_STATE_TRANSITION");
      const { routes } = await blair.routes.listRoutes({ statuses: [RouteStatus.ARCHIVED] });
      expect(routes.map(({ id }) => id)).toEqual([routeId]);
    });

    it("by nobody but their own agency", async () => {
      const { routeId } = await added();
      const change = { routeId, details: { name: "x" }, updateMask: { paths: ["name"] } };
      expect(await refusalOf(rival.routes.updateRoute(change))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(test.as(anOverseer()).routes.updateRoute(change))).toBe("METHOD_NOT_ALLOWED");
    });

    it("keep stops of the former system that nobody can read", async () => {
      const { routeId } = await added();
      const stops = [{ stop: "Mercy" }];
      await test.query("update route set waypoints = $2 where id = $1", [routeId, JSON.stringify(stops)]);
      await blair.routes.updateRoute({ routeId, details: { name: "Old way" }, updateMask: { paths: ["name"] } });
      const [row] = await test.query("select waypoints, route_name from route where id = $1", [routeId]);
      expect(row).toEqual({ waypoints: stops, route_name: "Old way" });
    });
  });
});

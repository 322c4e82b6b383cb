import { describe, expect, it } from "@jest/globals";
import { ConfigError, readConfig } from "./read-config.ts";
import { centerSettings, serviceSettings, siloSettings } from "./settings.ts";

const complete = {
  EMS_DATABASE_URL: "postgresql://ems_app:secret@127.0.0.1:5433/ems",
  EMS_SERVICE_KEY_FILE: "keys/ems.json",
  SERVICE_PUBLIC_KEYS_FILE: "keys/services.json",
};

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(serviceSettings("ems"), environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  throw new Error("the configuration was accepted");
}

describe("reading the configuration", () => {
  it("gives every setting that is absent its fallback", () => {
    const config = readConfig(serviceSettings("ems"), complete);
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 50052,
      natsUrl: "nats://127.0.0.1:4222",
      natsUser: "ems",
      hospitalAddress: "127.0.0.1:50051",
      logLevel: "info",
    });
    expect(config.natsPassword).toBeUndefined();
  });

  it("takes a variable that is empty for absent", () => {
    expect(readConfig(serviceSettings("ems"), { ...complete, EMS_PORT: "" }).port).toBe(50052);
  });

  it("reports every problem at once, each naming its variable and what it is", () => {
    const problems = problemsOf({ EMS_PORT: "abc", HOSPITAL_ADDRESS: "nowhere", LOG_LEVEL: "loud" });
    expect(problems).toEqual([
      "SERVICE_PUBLIC_KEYS_FILE (the file with the public keys of all services, by which one knows the other) is missing: set it, for instance to .medport/keys/services.json",
      "LOG_LEVEL (how much is logged: debug, info, warn, error, silent) must be one of debug, info, warn, error, silent",
      "EMS_PORT (the port that EMS listens on) must be a whole number from 0 to 65535",
      "EMS_DATABASE_URL (EMS's database, in the name of the role that the service uses) is missing: set it, for instance to postgresql://ems_app:PASSWORD@127.0.0.1:5433/ems",
      "EMS_SERVICE_KEY_FILE (the file with EMS's private key, with which it shows other services who calls) is missing: set it, for instance to .medport/keys/ems.json",
      "HOSPITAL_ADDRESS (where the other services find Hospital) must be host:port",
    ]);
  });

  it.each(["mysql://a:b@c/d", "postgresql://host/", "postgresql://127.0.0.1:5432/ems", "no url"])(
    "refuses the database address %s without repeating it",
    (url) => {
      const [problem] = problemsOf({ ...complete, EMS_DATABASE_URL: url });
      expect(problem).toContain("must be postgresql://user:password@host:port/database");
      expect(problem).not.toContain(url);
    },
  );

  it.each(["65536", "-1", "1.5", "0x10", "99999999999999999999"])("refuses the port %s", (port) => {
    expect(problemsOf({ ...complete, EMS_PORT: port })).toHaveLength(1);
  });

  it("reads a list of origins", () => {
    const origins = "https://console.example, http://localhost:8080";
    expect(readConfig(serviceSettings("ems"), { ...complete, CORS_ORIGINS: origins }).corsOrigins).toEqual([
      "https://console.example",
      "http://localhost:8080",
    ]);
    expect(problemsOf({ ...complete, CORS_ORIGINS: "https://console.example/path" })).toHaveLength(1);
  });

  it("demands the keys of user tokens from Center alone", () => {
    expect(Object.keys(centerSettings())).toContain("tokenKeysFile");
    expect(() => readConfig(centerSettings(), {})).toThrow("CENTER_TOKEN_KEYS_FILE");
    expect(() => readConfig(serviceSettings("hospital"), {})).not.toThrow("CENTER_TOKEN_KEYS_FILE");
  });

  it("demands nothing of whoever just runs medport up", () => {
    expect(readConfig(siloSettings("hospital"), {})).toEqual({ port: 50051, databasePort: 5432 });
  });
});

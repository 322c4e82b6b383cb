/**
 * Jest runs our TypeScript the way Node does: native ESM, types stripped, nothing compiled.
 *
 * @type {import("jest").Config}
 */
const config = {
  roots: ["<rootDir>/services", "<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/tests/jest/strip-types.js" },
  testEnvironment: "<rootDir>/tests/jest/node-errors-environment.js",
  globalSetup: "<rootDir>/tests/jest/global-setup.js",
  globalTeardown: "<rootDir>/tests/jest/global-teardown.js",
  injectGlobals: false,
  watchman: false,
  // Suites start real databases and brokers: more of them at once would only wait for each other.
  maxWorkers: 2,
  testTimeout: 60_000,
};

export default config;

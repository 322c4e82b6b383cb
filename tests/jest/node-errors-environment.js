import { TestEnvironment } from "jest-environment-node";

/**
 * Jest's Node environment, where errors of Node's core are errors. Jest gives each suite a realm with an `Error` of its
 * own, and code that asks `error instanceof Error` (Connect does, to tell a refused connection from a bug) would get
 * another answer in a test than in production.
 */
export default class NodeErrorsEnvironment extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    Object.defineProperty(this.global.Error, Symbol.hasInstance, {
      value: errorHasInstance(this.global.Error),
    });
  }
}

/**
 * Answers `instanceof` for `Error` and, since subclasses inherit it, for every kind of error.
 *
 * @param {ErrorConstructor} base
 */
function errorHasInstance(base) {
  /** @this {Function} @param {unknown} value */
  return function hasInstance(value) {
    if (this === base && Error.isError(value)) return true;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  };
}

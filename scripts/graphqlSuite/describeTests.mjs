/** What graphql-js's tests need of Mocha. */
import { clearTimeout, setTimeout } from 'node:timers';

/** @typedef {() => void | Promise<void>} Run */

const PATIENCE_MS = 20_000;
/** @type {string[]} */
const within = [];
/** @type {{ name: string, run: Run }[]} */
const tests = [];

/**
 * @param {string} name
 * @param {() => void} define
 */
export const describe = (name, define) => {
  within.push(name);
  define();
  within.pop();
};

/**
 * @param {string} name
 * @param {Run} run
 */
export const it = (name, run) => {
  tests.push({ name: [...within, name].join(' > '), run });
};

export const runTests = async () => {
  /** @type {{ name: string, error: any }[]} */
  const failures = [];
  for (const { name, run } of tests) {
    const late = lateOf();
    const timer = setTimeout(() => late.reject(new Error('It never ended.')), PATIENCE_MS);
    try {
      await Promise.race([run(), late.promise]);
    } catch (error) {
      failures.push({ name, error });
    }
    clearTimeout(timer);
  }
  return { passed: tests.length - failures.length, failures };
};

const lateOf = () => {
  /** @type {(error: Error) => void} */
  let reject = () => undefined;
  const promise = new Promise((_, fail) => (reject = fail));
  return { promise, reject };
};

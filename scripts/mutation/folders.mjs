/**
 * The folders of `src`, what tests each is tried with, and how many of the changes that compile they must notice. They are
 * the exact tests that concern a folder: those of processes and long random runs take too long for each change.
 */

/**
 * `isMeasured`: all of it was tried once, and met its bound. Of these CI tries a sample.
 *
 * @typedef {{ tests: readonly string[], breaksBelow: number | null, isMeasured?: true }} Folder
 */

/** @type {Readonly<Record<string, Folder>>} */
export const FOLDERS = {
  domain: { tests: ['test/unit/domain', 'test/model/walletClock.test.ts'], breaksBelow: 95, isMeasured: true },
  ledger: { tests: ['test/unit/ledger', 'test/unit/paywall/settle', 'test/unit/paywall/gate'], breaksBelow: 85 },
  accounts: { tests: ['test/unit/accounts', 'test/unit/paywall', 'test/http/callers.test.ts'], breaksBelow: 85 },
  paywall: { tests: ['test/unit/paywall', 'test/conformance'], breaksBelow: 85 },
  admin: { tests: ['test/unit/admin', 'test/http/admin'], breaksBelow: 85 },
  api: { tests: ['test/unit/api', 'test/http/admin', 'test/http/billing.test.ts'], breaksBelow: 85 },
  http: { tests: ['test/unit/http'], breaksBelow: 85 },
  apollo: { tests: ['test/unit/apollo', 'test/conformance'], breaksBelow: null },
  server: { tests: ['test/unit/server', 'test/http'], breaksBelow: null },
  store: { tests: ['test/unit/store', 'test/contract/store'], breaksBelow: null },
  demo: { tests: ['test/unit/demo'], breaksBelow: null },
  cli: { tests: ['test/unit/cli.test.ts'], breaksBelow: null },
};

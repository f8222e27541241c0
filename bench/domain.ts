/** What the rules cost: a decision, and a wallet command on a wallet with 100 grants. Each is to take less than 20 µs. */
import { decide } from '../src/domain/admission.js';
import type { Requirement, Standing } from '../src/domain/admission.js';
import { accountId, grantId, holdId, planId, subscriptionId } from '../src/domain/ids.js';
import { DAY_MS } from '../src/domain/period.js';
import { windowAt } from '../src/domain/timeZone.js';
import type { Plan } from '../src/domain/plan.js';
import type { Subscription } from '../src/domain/subscription.js';
import { emptyWallet } from '../src/domain/wallet.js';
import type { Wallet } from '../src/domain/wallet.js';
import { applyCommand } from '../src/domain/walletCommand.js';
import type { WalletCommand } from '../src/domain/walletCommand.js';
import { viewAt } from '../src/domain/walletView.js';
import { atMost } from './benchmark.js';
import type { Benchmark, Findings } from './benchmark.js';

const MEAN_MAX_US = 20;
const CALLS = 50_000;
const GRANTS = 100;
const NOW = Date.UTC(2025, 0, 16, 12, 30);
const ALICE = accountId('alice');
const PRO = planId('pro');

const apply = (wallet: Wallet, command: WalletCommand): Wallet => {
  const { wallet: changed, result } = applyCommand(wallet, command, NOW);
  if (result.status === 'REFUSED') throw new Error(`${command.kind} was refused: ${result.fault}`);
  return { ...changed, journal: [] };
};

const holdOf = (id: string): WalletCommand => {
  const window = windowAt('DAY', 'UTC', NOW);
  const units = [{ key: 'search:DAY', window, units: 1, limit: 1e12 }];
  return { kind: 'hold', id: holdId(id), credits: 30, units, expiresAt: NOW + DAY_MS };
};
const captureOf = (id: string): WalletCommand => ({
  kind: 'capture',
  holdId: holdId(id),
  lines: [{ coordinate: 'Query.nearest', credits: 25 }],
  units: [],
  operation: 'Nearest',
});

/** 100 grants with credits, some open holds, and a full memory of ended ones: a wallet in use. */
const walletInUse = (): Wallet => {
  let wallet = emptyWallet(ALICE);
  for (let index = 0; index < GRANTS; index += 1) {
    const id = grantId(`sub-V1StGXR8_Z5jdHi6B-myT/period/${index}`);
    const expiresAt = NOW + (1 + index) * DAY_MS;
    wallet = apply(wallet, { kind: 'grant', id, credits: 10, expiresAt, priority: 0, reason: 'top-up' });
  }
  for (let index = 0; index < 150; index += 1) {
    wallet = apply(wallet, { kind: 'hold', id: holdId(`e${index}`), credits: 0, units: [], expiresAt: NOW + DAY_MS });
    wallet = apply(wallet, { kind: 'release', holdId: holdId(`e${index}`) });
  }
  for (let index = 0; index < 10; index += 1) wallet = apply(wallet, holdOf(`open${index}`));
  return wallet;
};

const planOf = (id: string, units: number | null): Plan => ({
  id: planId(id),
  version: 1,
  name: id,
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: [
    { feature: 'search', limit: units === null ? null : { units, per: 'BILLING_PERIOD' }, whenExhausted: 'REFUSE' },
    { feature: 'export', limit: null, whenExhausted: 'REFUSE' },
  ],
  creditsPerPeriod: 0,
  trialDays: 0,
  graceDays: 7,
  requestsPerMinute: null,
});
const subscription: Subscription = {
  id: subscriptionId('sub'),
  accountId: ALICE,
  planId: PRO,
  planVersion: 1,
  startsAt: NOW - 100 * DAY_MS,
  trialEndsAt: null,
  paidUntil: NOW + DAY_MS,
  cancelsAt: null,
  paymentFailure: null,
  version: 1,
};
const requirement: Requirement = { coordinate: 'Query.search', feature: 'search', cost: 5 };
const wallet = walletInUse();

const standingWith = (units: number): Standing => {
  const { available, held, counters } = viewAt(wallet, NOW);
  const offers = [planOf('basic', 10), planOf('pro', 100), planOf('scale', 1_000), planOf('all', null)];
  const means = {
    subscription,
    plan: planOf('pro', units),
    timeZone: 'UTC',
    credits: available,
    held,
    counters,
    holds: [],
    budget: null,
    offers,
  };
  return { key: 'VALID', suspended: false, scopes: null, rateLimitedUntil: null, means };
};

/** The mean time of a call in µs, after as many calls that are not counted. */
const measure = (call: () => unknown): number => {
  let spent = 0;
  for (let round = 0; round < 2; round += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < CALLS; index += 1) call();
    spent = performance.now() - startedAt;
  }
  return (spent * 1_000) / CALLS;
};

const [covering, exhausted] = [standingWith(100), standingWith(0)];
const held = apply(wallet, holdOf('mine'));
const [hold, capture] = [holdOf('mine'), captureOf('mine')];
const grant: WalletCommand = {
  kind: 'grant',
  id: grantId('one-more'),
  credits: 5,
  expiresAt: null,
  priority: 0,
  reason: '',
};

const cases: Readonly<Record<string, () => unknown>> = {
  'decide: covered by a limit': () => decide(requirement, 1, covering, NOW),
  'decide: refused, with four plans on offer': () => decide(requirement, 1, exhausted, NOW),
  'hold on a wallet with 100 grants': () => applyCommand(wallet, hold, NOW),
  'capture on a wallet with 100 grants': () => applyCommand(held, capture, NOW),
  'grant on a wallet with 100 grants': () => applyCommand(wallet, grant, NOW),
  'view of a wallet with 100 grants': () => viewAt(wallet, NOW),
};

const measureAll = (): Findings => {
  const means = Object.entries(cases).map(([name, call]) => [name, measure(call)] as const);
  const rows = means.map(([name, mean]) => [name, mean.toFixed(2)]);
  const targets = means.map(([name, mean]) => atMost(`µs, ${name}`, MEAN_MAX_US, mean));
  return { tables: [{ title: 'The rules alone', columns: ['call', 'mean, µs'], rows }], charts: [], targets };
};

export const domain: Benchmark = {
  name: 'domain',
  title: 'The rules alone',
  measure: () => Promise.resolve(measureAll()),
};

/** Values for tests of the rules. What a test is about it says itself; the rest is here. */
import type { Means, Requirement, Standing } from '../../src/domain/admission.js';
import type { ApiKey } from '../../src/domain/account.js';
import { accountId, apiKeyId, grantId, holdId, planId, subscriptionId } from '../../src/domain/ids.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import type { Instant } from '../../src/domain/period.js';
import { DAY_MS } from '../../src/domain/period.js';
import type { Allowance, Plan } from '../../src/domain/plan.js';
import type { RecordedRefusal, RefusalRecord } from '../../src/domain/refusalRecord.js';
import type { Subscription } from '../../src/domain/subscription.js';
import { windowAt } from '../../src/domain/timeZone.js';
import { emptyWallet } from '../../src/domain/wallet.js';
import type { LimitClaim, Wallet } from '../../src/domain/wallet.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import type { WalletCommand } from '../../src/domain/walletCommand.js';
import type { AdjustCommand, GrantCommand, RefundCommand } from '../../src/domain/walletCredits.js';
import type { CaptureCommand, ExtendCommand, HoldCommand, ReleaseCommand } from '../../src/domain/walletHolds.js';

/** An instant from ISO 8601 text. */
export const at = (iso: string): Instant => Date.parse(iso);

/** The middle of a billing period, a day and an hour. */
export const NOW = at('2025-01-16T12:30:00.000Z');
export const MINUTE_MS = 60_000;

export const ALICE = accountId('alice');
export const PRO = planId('pro');

export const allowance = (feature: string, changes: Partial<Allowance> = {}): Allowance => ({
  feature,
  limit: null,
  whenExhausted: 'REFUSE',
  ...changes,
});

/** A monthly plan on sale that covers `search` without a limit. */
export const plan = (changes: Partial<Plan> = {}): Plan => ({
  id: PRO,
  version: 1,
  name: 'Pro',
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: [allowance('search')],
  creditsPerPeriod: 0,
  trialDays: 0,
  graceDays: 7,
  requestsPerMinute: null,
  ...changes,
});

/** A subscription to `plan()` that has run since 1 January and is paid for to the end of the month. */
export const subscription = (changes: Partial<Subscription> = {}): Subscription => ({
  id: subscriptionId('sub-1'),
  accountId: ALICE,
  planId: PRO,
  planVersion: 1,
  startsAt: at('2025-01-01T00:00:00.000Z'),
  trialEndsAt: null,
  paidUntil: at('2025-02-01T00:00:00.000Z'),
  cancelsAt: null,
  paymentFailure: null,
  version: 0,
  ...changes,
});

export const apiKey = (changes: Partial<ApiKey> = {}): ApiKey => ({
  id: apiKeyId('key-1'),
  accountId: ALICE,
  secretHash: 'hash',
  prefix: 'tg_1234',
  scopes: null,
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  version: 1,
  ...changes,
});

export const requirement = (changes: Partial<Requirement> = {}): Requirement => ({
  coordinate: 'Query.search',
  feature: 'search',
  cost: null,
  ...changes,
});

/** Without a subscription, without credits, and with nothing on offer. */
export const means = (changes: Partial<Means> = {}): Means => ({
  subscription: null,
  plan: null,
  timeZone: 'UTC',
  credits: 0,
  held: 0,
  counters: [],
  holds: [],
  budget: null,
  offers: [],
  ...changes,
});

/** A caller with a valid key, whom nothing bars. */
export const standing = (changes: Partial<Standing> = {}): Standing => ({
  key: 'VALID',
  suspended: false,
  scopes: null,
  rateLimitedUntil: null,
  means: means(),
  ...changes,
});

// --- wallets -------------------------------------------------------------------------------------------------------

export const grant = (id: string, credits: number, changes: Partial<GrantCommand> = {}): GrantCommand => ({
  kind: 'grant',
  id: grantId(id),
  credits,
  expiresAt: null,
  priority: 0,
  reason: 'top-up',
  ...changes,
});

export const hold = (id: string, credits: number, changes: Partial<HoldCommand> = {}): HoldCommand => ({
  kind: 'hold',
  id: holdId(id),
  credits,
  units: [],
  expiresAt: NOW + MINUTE_MS,
  ...changes,
});

export const extend = (
  id: string,
  of: string,
  credits: number,
  changes: Partial<ExtendCommand> = {},
): ExtendCommand => ({
  kind: 'extend',
  id,
  holdId: holdId(of),
  credits,
  units: [],
  ...changes,
});

/** Captures so many credits for one field. */
export const capture = (of: string, credits: number, changes: Partial<CaptureCommand> = {}): CaptureCommand => ({
  kind: 'capture',
  holdId: holdId(of),
  lines: credits === 0 ? [] : [{ coordinate: 'Query.search', credits }],
  units: [],
  ...changes,
});

export const release = (of: string): ReleaseCommand => ({ kind: 'release', holdId: holdId(of) });

export const adjust = (id: string, credits: number, changes: Partial<AdjustCommand> = {}): AdjustCommand => ({
  kind: 'adjust',
  id,
  credits,
  grantId: null,
  reason: 'correction',
  ...changes,
});

export const refund = (
  id: string,
  of: string,
  credits: number,
  history: readonly LedgerEntry[] = [],
): RefundCommand => ({ kind: 'refund', id, holdId: holdId(of), credits, reason: 'complaint', history });

/** Units of a limit of `cities` in the day of `NOW`. */
export const claim = (units: number, changes: Partial<LimitClaim> = {}): LimitClaim => ({
  key: 'cities:DAY',
  window: windowAt('DAY', 'UTC', NOW),
  units,
  limit: 10,
  ...changes,
});

/** A wallet to which these commands were applied at `NOW`, or at the instant given with one; each must succeed. */
export const walletAfter = (...steps: readonly (WalletCommand | readonly [WalletCommand, Instant])[]): Wallet =>
  steps.reduce<Wallet>((wallet, step) => {
    const [command, now] = 'kind' in step ? [step, NOW] : step;
    const applied = applyCommand(wallet, command, now);
    if (applied.result.status !== 'APPLIED') throw new Error(`${command.kind}: ${applied.result.fault}`);
    return applied.wallet;
  }, emptyWallet(ALICE));

/** As the store keeps it once its entries are in the ledger. */
export const withoutJournal = (wallet: Wallet): Wallet => ({ ...wallet, journal: [] });

export { DAY_MS };

// --- refusals ------------------------------------------------------------------------------------------------------

export const recordedRefusal = (changes: Partial<RecordedRefusal> = {}): RecordedRefusal => ({
  reason: 'INSUFFICIENT_FUNDS',
  coordinate: 'Query.search',
  feature: 'search',
  required: 5,
  available: 2,
  plans: [],
  resetAt: null,
  retryable: false,
  units: 1,
  ...changes,
});

/** Of `ALICE`, with a subscription to `plan()` that was active. */
export const refusalRecord = (changes: Partial<RefusalRecord> = {}): RefusalRecord => ({
  id: 'refusal-1',
  at: NOW,
  accountId: ALICE,
  keyId: apiKeyId('key-1'),
  operationName: null,
  operationHash: 'digest',
  isServed: false,
  refusals: [recordedRefusal()],
  planId: PRO,
  subscriptionState: 'ACTIVE',
  requestId: null,
  traceId: null,
  ...changes,
});

/** Values to store, each with all of its fields, and strings that stores have stumbled over. */
import type { Account, ApiKey } from '../../../src/domain/account.js';
import type { AuditEntry } from '../../../src/domain/audit.js';
import {
  accountId,
  apiKeyId,
  grantId,
  holdId,
  operatorId,
  packId,
  planId,
  purchaseId,
  subscriptionId,
} from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import type { KeyedOperation } from '../../../src/domain/keyedOperation.js';
import type { Instant } from '../../../src/domain/period.js';
import type { Pack } from '../../../src/domain/offer.js';
import type { Operator } from '../../../src/domain/operator.js';
import type { PaymentEvent, ReconcilerRecord } from '../../../src/domain/paymentEvent.js';
import type { Plan } from '../../../src/domain/plan.js';
import type { ProviderLink } from '../../../src/domain/providerLink.js';
import type { Purchase } from '../../../src/domain/purchase.js';
import type { RefusalRecord } from '../../../src/domain/refusalRecord.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { ListPage } from '../../../src/store/store.js';

export const anAccount = (id: AccountId): Account => ({
  id,
  name: `Account ${id}`,
  createdAt: 1,
  suspendedAt: null,
  version: 0,
});

export const anApiKey = (account: AccountId, secretHash: string): ApiKey => ({
  id: apiKeyId(`key-${secretHash}`),
  accountId: account,
  secretHash,
  prefix: 'tg_abc',
  scopes: ['geocoding'],
  createdAt: 1,
  expiresAt: 2,
  revokedAt: null,
  version: 0,
});

export const aSubscription = (account: AccountId): Subscription => ({
  id: subscriptionId(`subscription-${account}`),
  accountId: account,
  planId: planId('pro'),
  planVersion: 3,
  startsAt: 1,
  trialEndsAt: null,
  paidUntil: 1_000,
  cancelsAt: null,
  paymentFailure: { failedAt: 5, cause: 'CARD_EXPIRED' },
  version: 0,
});

export const aPlan = (id: string, version: number): Plan => ({
  id: planId(id),
  version,
  name: 'Pro',
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: [{ feature: 'geocoding', limit: { units: 100, per: 'DAY' }, whenExhausted: 'CREDITS' }],
  creditsPerPeriod: 500,
  trialDays: 14,
  graceDays: 7,
  requestsPerMinute: null,
});

export const aPack = (id: string, version: number): Pack => ({
  id: packId(id),
  version,
  name: 'Small',
  status: 'ACTIVE',
  credits: 500,
  price: { amountMinor: 500, currency: 'EUR' },
  expiresAfterDays: 365,
});

export const aPurchase = (id: string, account: AccountId, changes: Partial<Purchase> = {}): Purchase => ({
  id: purchaseId(id),
  accountId: account,
  provider: 'stripe',
  bought: { kind: 'PACK', packId: packId('small'), packVersion: 1 },
  credits: 500,
  price: { amountMinor: 500, currency: 'EUR' },
  expiresAfterDays: 365,
  origin: 'CHECKOUT',
  refusalId: null,
  createdAt: 1,
  status: 'OPEN',
  checkout: null,
  paymentId: null,
  subscriptionId: null,
  paidAt: null,
  money: { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 },
  shortfall: 0,
  version: 0,
  ...changes,
});

export const aProviderLink = (account: AccountId, changes: Partial<ProviderLink> = {}): ProviderLink => ({
  provider: 'stripe',
  accountId: account,
  customerId: `cus_${account}`,
  createdAt: 1,
  autoTopUp: { belowCredits: 10, packId: packId('small'), purchasesPerMonthMax: 3, stopped: null },
  version: 0,
  ...changes,
});

export const aPaymentEvent = (id: string, receivedAt: Instant, changes: Partial<PaymentEvent> = {}): PaymentEvent => ({
  id: `stripe:${id}`,
  provider: 'stripe',
  type: 'invoice.paid',
  at: receivedAt - 1,
  object: { kind: 'SUBSCRIPTION', id: 'sub_1' },
  receivedAt,
  doneAt: null,
  attempts: 0,
  error: null,
  version: 0,
  ...changes,
});

export const aReconciler = (provider: string): ReconcilerRecord => ({
  provider,
  lastRun: null,
  askedUntil: null,
  lockedUntil: 5,
  version: 0,
});

export const anOperator = (id: string): Operator => ({
  id: operatorId(id),
  name: `Operator ${id}`,
  role: 'ADMIN',
  secretHash: `hash-${id}`,
  prefix: 'tgo_abc',
  createdAt: 1,
  removedAt: null,
  version: 0,
});

export const anAuditEntry = (id: string, at: Instant, target: string | null = null): AuditEntry => ({
  id,
  at,
  operatorId: operatorId('owner'),
  role: 'OWNER',
  mutation: 'suspendAccount',
  arguments: { accountId: 'alice', nested: [{ $where: 'a.b' }] },
  target,
  before: null,
  after: { suspendedAt: at },
  outcome: 'OK',
  code: null,
  from: '127.0.0.1',
});

export const aRefusalRecord = (id: string, at: Instant, changes: Partial<RefusalRecord> = {}): RefusalRecord => ({
  id,
  at,
  accountId: accountId('alice'),
  keyId: apiKeyId('key-1'),
  operationName: 'Search',
  operationHash: 'digest',
  isServed: false,
  refusals: [
    {
      reason: 'INSUFFICIENT_FUNDS',
      coordinate: 'Query.nearest',
      feature: 'geocoding',
      required: 3,
      available: 0,
      plans: [planId('pro')],
      resetAt: null,
      retryable: false,
      units: 3,
    },
  ],
  planId: null,
  subscriptionState: null,
  requestId: 'req-1',
  traceId: null,
  ...changes,
});

export const aKeyedOperation = (account: AccountId, key: string, expiresAt = 9_000): KeyedOperation => ({
  accountId: account,
  key,
  fingerprint: 'digest',
  state: 'IN_FLIGHT',
  lockedUntil: 5,
  expiresAt,
  holdId: holdId('hold'),
  operationName: null,
  lines: [{ coordinate: 'Query.nearest', credits: 3 }],
  units: [],
  answer: null,
  version: 0,
});

/** A wallet that was never stored, with one grant and its entry. */
export const walletOf = (account: AccountId, credits: number, now: Instant): Wallet =>
  applyCommand(
    emptyWallet(account),
    { kind: 'grant', id: grantId('welcome'), credits, expiresAt: null, priority: 0, reason: 'Welcome' },
    now,
  ).wallet;

/** A whole list in pages of two, there and back. */
export const walk = async <T, Cursor>(
  find: (page: ListPage<Cursor>) => Promise<readonly T[]>,
  cursorOf: (value: T) => Cursor,
) => {
  const walkOne = async (isBackward: boolean): Promise<readonly T[]> => {
    const found: T[] = [];
    for (let after: Cursor | null = null; ;) {
      const values: readonly T[] = await find({ count: 2, after, isBackward });
      const edge = isBackward ? values[0] : values.at(-1);
      if (edge === undefined) return found;
      found.splice(isBackward ? 0 : found.length, 0, ...values);
      after = cursorOf(edge);
    }
  };
  return { there: await walkOne(false), back: await walkOne(true) };
};

/**
 * Lone surrogates are not among them: they are no Unicode text (`String.prototype.isWellFormed`), UTF-8 and so BSON have
 * no bytes for them, and the edge turns them away.
 */
export const HOSTILE_STRINGS: readonly (readonly [name: string, text: string])[] = [
  ['an operator', '$where'],
  ['an operator in a value', '{"$gt":""}'],
  ['a path', 'a.b'],
  ['a position', '$[]'],
  ['the prototype', '__proto__'],
  ['a constructor', 'constructor'],
  ['NUL inside', 'a\u0000b'],
  ['NUL alone', '\u0000'],
  ['the same, escaped', 'a\\u0000b'],
  ['control characters', '\u0001\t\r\n\u001b\u007f'],
  ['emoji', '👩‍👩‍👧‍👦 🇩🇪'],
  ['the last code point', '\u{10ffff}'],
  ['a byte order mark', '\ufeffbom'],
  ['composed', 'é'],
  ['decomposed', 'e\u0301'],
  ['right to left', '\u202eabc'],
  ['quotes', `'"\`\\`],
  ['SQL', `'; DROP TABLE wallets; --`],
  ['a wildcard', '%_*'],
  ['spaces around', ' padded '],
  ['ten kilobytes', 'é$.'.repeat(2500)],
  ['nothing', ''],
];

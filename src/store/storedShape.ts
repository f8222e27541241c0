/**
 * Checks what comes back from a store: that a stored value has the fields of its type, so that one that was changed by
 * hand or written by another version is noticed where it is read, and not as a wrong balance. Shallow on purpose: it
 * runs on every read.
 */
import { isRecord } from '../domain/isRecord.js';
import type { Account, ApiKey } from '../domain/account.js';
import type { AuditEntry } from '../domain/audit.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Operator } from '../domain/operator.js';
import type { Pack } from '../domain/offer.js';
import type { PaymentEvent, ReconcilerRecord } from '../domain/paymentEvent.js';
import type { Plan } from '../domain/plan.js';
import type { ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import type { RefusalRecord } from '../domain/refusalRecord.js';
import type { Subscription } from '../domain/subscription.js';
import type { Wallet } from '../domain/wallet.js';
import { StoreError } from './storeError.js';

type Check = (value: unknown) => boolean;
type RequiredKey<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? never : Key }[keyof T];
type Shape<T> = Readonly<Record<RequiredKey<T>, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isWhole: Check = (value) => Number.isSafeInteger(value);
const isList: Check = (value) => Array.isArray(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** Turns a stored value into its type; throws `CORRUPT` where a field is missing or of another kind. */
const reader = <T>(what: string, shape: Shape<T>): ((value: unknown) => T) => {
  const checks = Object.entries<Check>(shape);
  return (value) => {
    const record = isRecord(value) ? value : {};
    for (const [field, check] of checks) {
      if (!check(record[field])) {
        throw new StoreError(
          'CORRUPT',
          `A stored ${what} has no sound "${field}": it was changed by hand, or written by another version of Tollgate.`,
        );
      }
    }
    return value as T;
  };
};

export const readAccount = reader<Account>('account', {
  id: isText,
  name: isText,
  createdAt: isWhole,
  suspendedAt: orNull(isWhole),
  version: isWhole,
});

export const readApiKey = reader<ApiKey>('API key', {
  id: isText,
  accountId: isText,
  secretHash: isText,
  prefix: isText,
  scopes: orNull(isList),
  createdAt: isWhole,
  expiresAt: orNull(isWhole),
  revokedAt: orNull(isWhole),
  version: isWhole,
});

export const readSubscription = reader<Subscription>('subscription', {
  id: isText,
  accountId: isText,
  planId: isText,
  planVersion: isWhole,
  startsAt: isWhole,
  trialEndsAt: orNull(isWhole),
  paidUntil: isWhole,
  cancelsAt: orNull(isWhole),
  paymentFailure: orNull(isRecord),
  version: isWhole,
});

export const readKeyedOperation = reader<KeyedOperation>('keyed operation', {
  accountId: isText,
  key: isText,
  fingerprint: isText,
  state: isText,
  lockedUntil: isWhole,
  expiresAt: isWhole,
  holdId: isText,
  operationName: orNull(isText),
  lines: isList,
  units: isList,
  answer: orNull(isText),
  version: isWhole,
});

export const readPlan = reader<Plan>('plan', {
  id: isText,
  version: isWhole,
  name: isText,
  status: isText,
  price: isRecord,
  interval: isText,
  features: isList,
  creditsPerPeriod: isWhole,
  trialDays: isWhole,
  graceDays: isWhole,
  requestsPerMinute: orNull(isWhole),
});

export const readPack = reader<Pack>('pack', {
  id: isText,
  version: isWhole,
  name: isText,
  status: isText,
  credits: isWhole,
  price: isRecord,
  expiresAfterDays: orNull(isWhole),
});

export const readPurchase = reader<Purchase>('purchase', {
  id: isText,
  accountId: isText,
  provider: isText,
  bought: isRecord,
  credits: isWhole,
  price: isRecord,
  expiresAfterDays: orNull(isWhole),
  origin: isText,
  refusalId: orNull(isText),
  createdAt: isWhole,
  status: isText,
  checkout: orNull(isRecord),
  paymentId: orNull(isText),
  subscriptionId: orNull(isText),
  paidAt: orNull(isWhole),
  money: isRecord,
  shortfall: isWhole,
  version: isWhole,
});

export const readProviderLink = reader<ProviderLink>('link to a provider', {
  provider: isText,
  accountId: isText,
  customerId: orNull(isText),
  createdAt: isWhole,
  autoTopUp: orNull(isRecord),
  version: isWhole,
});

export const readPaymentEvent = reader<PaymentEvent>('payment event', {
  id: isText,
  provider: isText,
  type: isText,
  at: isWhole,
  object: orNull(isRecord),
  receivedAt: isWhole,
  doneAt: orNull(isWhole),
  attempts: isWhole,
  error: orNull(isText),
  version: isWhole,
});

export const readReconciler = reader<ReconcilerRecord>('reconciler', {
  provider: isText,
  lastRun: orNull(isRecord),
  askedUntil: orNull(isWhole),
  lockedUntil: orNull(isWhole),
  version: isWhole,
});

export const readWallet = reader<Wallet>('wallet', {
  accountId: isText,
  version: isWhole,
  grants: isList,
  holds: isList,
  counters: isList,
  ended: isList,
  entryCount: isWhole,
  entrySum: isWhole,
  journal: isList,
});

export const readLedgerEntry = reader<LedgerEntry>('ledger entry', {
  id: isText,
  accountId: isText,
  seq: isWhole,
  at: isWhole,
  kind: isText,
  credits: isWhole,
  grantId: isText,
  balanceAfter: isWhole,
});

export const readOperator = reader<Operator>('operator', {
  id: isText,
  name: isText,
  role: isText,
  secretHash: isText,
  prefix: isText,
  createdAt: isWhole,
  removedAt: orNull(isWhole),
  version: isWhole,
});

const isAnything: Check = () => true;

export const readAuditEntry = reader<AuditEntry>('audit entry', {
  id: isText,
  at: isWhole,
  operatorId: isText,
  role: isText,
  mutation: isText,
  arguments: isAnything,
  target: orNull(isText),
  before: isAnything,
  after: isAnything,
  outcome: isText,
  code: orNull(isText),
  from: orNull(isText),
});

const isBoolean: Check = (value) => typeof value === 'boolean';

export const readRefusalRecord = reader<RefusalRecord>('refusal', {
  id: isText,
  at: isWhole,
  accountId: orNull(isText),
  keyId: orNull(isText),
  operationName: orNull(isText),
  operationHash: orNull(isText),
  isServed: isBoolean,
  refusals: isList,
  planId: orNull(isText),
  subscriptionState: orNull(isText),
  requestId: orNull(isText),
  traceId: orNull(isText),
});

/** Who is calling: the key that was sent, the account it speaks for, and that account's standing. */
import type { Means, Standing } from '../domain/admission.js';
import { keyStateAt } from '../domain/account.js';
import type { ApiKey, KeyState } from '../domain/account.js';
import type { AccountId, ApiKeyId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import type { RefusalReason } from '../domain/refusal.js';
import { requestsPerMinuteAt } from '../domain/rateLimit.js';
import { effectiveAt, grantsDue } from '../domain/subscription.js';
import type { Subscription } from '../domain/subscription.js';
import type { Plan } from '../domain/plan.js';
import type { Wallet } from '../domain/wallet.js';
import { applyCommand } from '../domain/walletCommands.js';
import { viewAt } from '../domain/walletView.js';
import { StoreError } from '../store/storeError.js';
import type { HashSecret } from './keyHash.js';
import type { KeyUses } from './keyUses.js';
import { requestLoaders } from './loaders.js';
import type { AccountRecords, Loaders } from './loaders.js';
import { attempt, isPromise, promised, whenReady } from '../store/maybePromise.js';
import type { MaybePromise } from '../store/maybePromise.js';
import type { PlanShelf, Plans } from './planShelf.js';

export interface Caller {
  readonly key: KeyState;
  /** `null` without a valid key. */
  readonly accountId: AccountId | null;
  readonly scopes: readonly string[] | null;
  /** The key that was sent and whose it is, valid or not; `null` where nobody knows. Keys that no store knows have no id. */
  readonly sentKey: { readonly keyId: ApiKeyId | null; readonly accountId: AccountId } | null;
  /** Why nothing that the caller asks for is looked at; `null`: it is, as far as the key allows. */
  readonly barred: Bar | null;
  readonly loaders: Loaders;
  /** The same caller, found out anew: for what lasts longer than a request. */
  readonly again: () => Promise<Caller>;
}

export interface Bar {
  readonly reason: Extract<RefusalReason, 'ACCOUNT_SUSPENDED' | 'RATE_LIMITED'>;
  readonly resetAt: Instant | null;
}

/** Keys that no store knows, such as a demo's: secret → account. */
export type FixedKeys = ReadonlyMap<string, AccountId>;

const SCHEME = 'Bearer';
const BEARER = /^Bearer +[\x21-\x7e]+ *$/i;

/** The key of an `Authorization` header (RFC 6750): `null` where there is no header, empty where it is ill-formed. */
export const secretOf = (authorization: string | undefined): string | null => {
  if (authorization === undefined || authorization === '') return null;
  return BEARER.test(authorization) ? authorization.slice(SCHEME.length).trim() : '';
};

/** What callers are known by. */
export interface KeyRegister {
  readonly loaders: Loaders;
  readonly fixedKeys: FixedKeys;
  readonly hashSecret: HashSecret;
  readonly keyUses: Pick<KeyUses, 'note'>;
  readonly now: () => Instant;
}

/** Finds out who is calling. A store that can't be asked makes the key `UNVERIFIED`: free fields are still served. */
export const identify = (authorization: string | undefined, register: KeyRegister): Promise<Caller> =>
  promised(() => findCaller(authorization, register));

const findCaller = (authorization: string | undefined, register: KeyRegister): MaybePromise<Caller> => {
  const { fixedKeys, hashSecret, keyUses, now } = register;
  const loaders = requestLoaders(register.loaders);
  const again = () => identify(authorization, register);
  const callerWith = (key: KeyState, sentKey: Caller['sentKey'] = null, scopes: Caller['scopes'] = null): Caller => {
    const accountId = key === 'VALID' && sentKey !== null ? sentKey.accountId : null;
    return { key, accountId, scopes, sentKey, barred: null, loaders, again };
  };
  const secret = secretOf(authorization);
  if (secret === null) return callerWith('MISSING');
  // Another scheme, or a key without one: no key that anybody was given.
  if (secret === '') return callerWith('UNKNOWN');
  const fixed = fixedKeys.get(secret);
  if (fixed !== undefined) return callerWith('VALID', { keyId: null, accountId: fixed });
  const withKey = (key: ApiKey | null): Caller => {
    if (key === null) return callerWith('UNKNOWN');
    const at = now();
    const state = keyStateAt(key, at);
    const sentKey = { keyId: key.id, accountId: key.accountId };
    if (state !== 'VALID') return callerWith(state, sentKey);
    keyUses.note(key.secretHash, at);
    return callerWith(state, sentKey, key.scopes);
  };
  const withoutStore = (error: unknown): Caller => {
    if (error instanceof StoreError) return callerWith('UNVERIFIED');
    throw error;
  };
  return attempt(() => whenReady(hashSecret(secret), (hash) => loaders.apiKeys.load(hash)), withKey, withoutStore);
};

/** What was read of an account, and its standing as far as that goes. */
export interface Known {
  readonly standing: Standing;
  /** `null` without an account, or where the store could not be asked. */
  readonly wallet: Wallet | null;
  readonly subscription: Subscription | null;
  readonly plan: Plan | null;
}

/** Reads account, subscription, wallet and plans side by side: one round. */
export const loadKnown = (caller: Caller, shelf: PlanShelf, now: Instant): MaybePromise<Known> =>
  withKnown(caller, shelf, now, (known) => known);

/** The same, handed to `use`: a promise less on the way. */
export const withKnown = <T>(
  caller: Caller,
  shelf: PlanShelf,
  now: Instant,
  use: (known: Known) => T,
): MaybePromise<T> => {
  const { key, scopes } = caller;
  return readAccount(caller, shelf, now, (read) => {
    const { suspended, subscription, plan, wallet } = read ?? NOTHING_READ;
    const means = read === null ? null : meansIn(read, now);
    return use({ standing: { key, suspended, scopes, rateLimitedUntil: null, means }, wallet, subscription, plan });
  });
};

interface ReadAccount extends Omit<Known, 'standing'> {
  readonly suspended: boolean;
  readonly plans: Plans;
  readonly wallet: Wallet;
}

const NOTHING_READ = { suspended: false, subscription: null, plan: null, wallet: null };

/**
 * Account, subscription, wallet and plans, side by side: one round, and none where the request has read them before. `use`
 * gets them, or `null` without an account and where the store could not be asked.
 */
const readAccount = <T>(
  { accountId, loaders }: Caller,
  shelf: PlanShelf,
  now: Instant,
  use: (read: ReadAccount | null) => T,
): MaybePromise<T> => {
  if (accountId === null) return use(null);
  const current = shelf.current();
  const withPlans = ({ account, subscription: stored, wallet }: AccountRecords, plans: Plans): T => {
    const subscription = stored === null ? null : effectiveAt(stored, now);
    const plan = subscription === null ? null : plans.find(subscription.planId, subscription.planVersion);
    const suspended = account !== null && account.suspendedAt !== null && now >= account.suspendedAt;
    return use({ suspended, subscription, plan, plans, wallet });
  };
  const withoutStore = (error: unknown): T => {
    if (error instanceof StoreError) return use(null);
    throw error;
  };
  const reading = loaders.accounts.load(accountId);
  // Plans are in memory mostly, and nobody waits for what is there.
  return isPromise(current)
    ? Promise.all([reading, current]).then(([records, plans]) => withPlans(records, plans), withoutStore)
    : reading.then((records) => withPlans(records, current), withoutStore);
};

/** What counts before anything of a request is looked at. */
export interface RequestTerms {
  readonly suspended: boolean;
  /** `null`: no plan says. */
  readonly requestsPerMinute: number | null;
}

/** Reads what a paid operation of the request needs as well, so that it costs such an operation nothing. */
export const loadRequestTerms = async (caller: Caller, shelf: PlanShelf, now: Instant): Promise<RequestTerms> =>
  readAccount(caller, shelf, now, (read) => ({
    suspended: read?.suspended ?? false,
    requestsPerMinute: read === null ? null : requestsPerMinuteAt(read.subscription, read.plan, now),
  }));

/** The wallet with the credits that the plan gives for this period, if they are due and were not given yet. */
export const grantIfDue = (
  wallet: Wallet,
  subscription: Subscription | null,
  plan: Plan | null,
  now: Instant,
): Wallet => {
  const due = subscription === null || plan === null ? [] : grantsDue(subscription, plan, now);
  return due.reduce((funded, grant) => applyCommand(funded, grant, now).wallet, wallet);
};

const meansIn = ({ wallet, subscription, plan, plans }: ReadAccount, now: Instant): Means => {
  const { available, counters } = viewAt(grantIfDue(wallet, subscription, plan, now), now);
  return { subscription, plan, credits: available, counters, offers: plans.offers };
};

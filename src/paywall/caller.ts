/** Who is calling: the key that was sent, the account it speaks for, and that account's standing. */
import type { Means, Standing } from '../domain/admission.js';
import { keyStateAt } from '../domain/account.js';
import type { KeyState } from '../domain/account.js';
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
import type { Loaders } from './loaders.js';
import { isPromise } from './maybePromise.js';
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

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** The key of an `Authorization` header (RFC 6750): `null` where there is no header, empty where it is ill-formed. */
export const secretOf = (authorization: string | undefined): string | null => {
  if (authorization === undefined || authorization === '') return null;
  return BEARER.exec(authorization)?.[1] ?? '';
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
export const identify = async (authorization: string | undefined, register: KeyRegister): Promise<Caller> => {
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
  try {
    const key = await loaders.apiKeys.load(await hashSecret(secret));
    if (key === null) return callerWith('UNKNOWN');
    const at = now();
    const state = keyStateAt(key, at);
    const sentKey = { keyId: key.id, accountId: key.accountId };
    if (state !== 'VALID') return callerWith(state, sentKey);
    keyUses.note(key.secretHash, at);
    return callerWith(state, sentKey, key.scopes);
  } catch (error) {
    if (error instanceof StoreError) return callerWith('UNVERIFIED');
    throw error;
  }
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
export const loadKnown = async (caller: Caller, shelf: PlanShelf, now: Instant): Promise<Known> => {
  const unknown: Known = {
    standing: { key: caller.key, suspended: false, scopes: caller.scopes, rateLimitedUntil: null, means: null },
    wallet: null,
    subscription: null,
    plan: null,
  };
  const { accountId, loaders } = caller;
  if (accountId === null) return unknown;
  try {
    const { suspended, subscription, plan, plans, wallet } = await readAccount(accountId, loaders, shelf, now);
    const means = meansIn(grantIfDue(wallet, subscription, plan, now), { subscription, plan, plans }, now);
    return { standing: { ...unknown.standing, suspended, means }, wallet, subscription, plan };
  } catch (error) {
    if (error instanceof StoreError) return unknown;
    throw error;
  }
};

/** Account, subscription, wallet and plans, side by side: one round, and none where the request has read them before. */
const readAccount = async (accountId: AccountId, loaders: Loaders, shelf: PlanShelf, now: Instant) => {
  const reading = loaders.accounts.load(accountId);
  const current = shelf.current();
  // Plans are in memory mostly, and nobody waits for what is there.
  const [plans, { account, subscription: stored, wallet }] = isPromise(current)
    ? await Promise.all([current, reading])
    : [current, await reading];
  const subscription = stored === null ? null : effectiveAt(stored, now);
  const plan = subscription === null ? null : plans.find(subscription.planId, subscription.planVersion);
  const suspended = account !== null && account.suspendedAt !== null && now >= account.suspendedAt;
  return { suspended, subscription, plan, plans, wallet };
};

/** What counts before anything of a request is looked at. */
export interface RequestTerms {
  readonly suspended: boolean;
  /** `null`: no plan says. */
  readonly requestsPerMinute: number | null;
}

/** Reads what a paid operation of the request needs as well, so that it costs such an operation nothing. */
export const loadRequestTerms = async (
  { accountId, loaders }: Caller,
  shelf: PlanShelf,
  now: Instant,
): Promise<RequestTerms> => {
  const unknown: RequestTerms = { suspended: false, requestsPerMinute: null };
  if (accountId === null) return unknown;
  try {
    const { suspended, subscription, plan } = await readAccount(accountId, loaders, shelf, now);
    return { suspended, requestsPerMinute: requestsPerMinuteAt(subscription, plan, now) };
  } catch (error) {
    if (error instanceof StoreError) return unknown;
    throw error;
  }
};

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

const meansIn = (
  wallet: Wallet,
  { subscription, plan, plans }: { subscription: Subscription | null; plan: Plan | null; plans: Plans },
  now: Instant,
): Means => {
  const { available, counters } = viewAt(wallet, now);
  return { subscription, plan, credits: available, counters, offers: plans.offers };
};

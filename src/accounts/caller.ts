/** Who is calling: the key that was sent, and the account it speaks for. */
import { keyStateAt } from '../domain/account.js';
import type { ApiKey, KeyState } from '../domain/account.js';
import { KEY_REASONS } from '../domain/admission.js';
import type { KeyBudget } from '../domain/budget.js';
import type { AccountId, ApiKeyId } from '../domain/ids.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import type { Instant } from '../domain/period.js';
import type { RefusalReason } from '../domain/refusal.js';
import { StoreError } from '../store/storeError.js';
import type { HashSecret } from './keyHash.js';
import type { KeyUses } from './keyUses.js';
import { requestLoaders } from './loaders.js';
import type { Loaders } from './loaders.js';

export interface Caller {
  readonly key: KeyState;
  /** `null` without a valid key. */
  readonly accountId: AccountId | null;
  readonly scopes: readonly string[] | null;
  /** What the key may spend; `null`: all that the account has. */
  readonly budget: KeyBudget | null;
  /** The key that was sent and whose it is, valid or not; `null` where nobody knows. Keys that no store knows have no id. */
  readonly sentKey: { readonly keyId: ApiKeyId | null; readonly accountId: AccountId } | null;
  /** Why nothing that the caller asks for is looked at; `null`: it is, as far as the key allows. */
  readonly barred: Bar | null;
  readonly loaders: Loaders;
  /** The same caller, found out anew: for what lasts longer than a request. */
  readonly again: () => Promise<Caller>;
}

export interface Bar {
  readonly reason: RefusalReason;
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

export type Identify = (authorization: string | undefined) => Promise<Caller>;

/** Finds out who is calling. A store that can't be asked makes the key `UNVERIFIED`: free fields are still served. */
export const identifierOf = (register: KeyRegister): Identify => {
  const { fixedKeys, hashSecret, keyUses, now } = register;

  const findKey = (secret: string): MaybePromise<Identified> => {
    const fixed = fixedKeys.get(secret);
    if (fixed !== undefined) return { ...UNBOUNDED, key: 'VALID', sentKey: { keyId: null, accountId: fixed } };
    const hash = hashSecret(secret);
    const load = (secretHash: string) => register.loaders.apiKeys.load(secretHash);
    const key = hash instanceof Promise ? hash.then(load) : load(hash);
    return key.then(identified, unverified);
  };

  const identified = (key: ApiKey | null): Identified => {
    if (key === null) return { ...UNIDENTIFIED, key: 'UNKNOWN' };
    const at = now();
    const state = keyStateAt(key, at);
    const sentKey = { keyId: key.id, accountId: key.accountId };
    if (state !== 'VALID') return { ...UNBOUNDED, key: state, sentKey };
    keyUses.note(key.secretHash, at);
    return { key: state, sentKey, scopes: key.scopes, budget: key.budget ?? null };
  };

  const identify = async (authorization: string | undefined): Promise<Caller> => {
    const secret = secretOf(authorization);
    let found: Identified;
    if (secret === null) found = { ...UNIDENTIFIED, key: 'MISSING' };
    // Another scheme, or a key without one: no key that anybody was given.
    else if (secret === '') found = { ...UNIDENTIFIED, key: 'UNKNOWN' };
    else found = await findKey(secret);
    const { key, sentKey, scopes, budget } = found;
    const accountId = key === 'VALID' && sentKey !== null ? sentKey.accountId : null;
    const loaders = requestLoaders(register.loaders);
    const again = () => identify(authorization);
    return { key, accountId, scopes, budget, sentKey, barred: barOf(key), loaders, again };
  };
  return identify;
};

type Identified = Pick<Caller, 'key' | 'sentKey' | 'scopes' | 'budget'>;

const UNBOUNDED = { scopes: null, budget: null };
const UNIDENTIFIED = { ...UNBOUNDED, sentKey: null };

const unverified = (error: unknown): Identified => {
  if (error instanceof StoreError) return { ...UNIDENTIFIED, key: 'UNVERIFIED' };
  throw error;
};

/** A key that was sent and is no good bars the caller from free fields too: it is a mistake that should be seen. */
const barOf = (key: KeyState): Bar | null => {
  // No key at all is no mistake: free fields are served.
  const reason = key === 'MISSING' ? null : KEY_REASONS[key];
  return reason === null ? null : { reason, resetAt: null };
};

/** Keys that speak for accounts. A secret is in the answer of the act that made it, and nowhere else. */
import { keyStateAt } from '../domain/account.js';
import type { ApiKey } from '../domain/account.js';
import type { Budget } from '../domain/budget.js';
import { isCredits } from '../domain/credits.js';
import { apiKeyId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import { newSecret, prefixOf } from './acting.js';
import type { Act, Acting } from './acting.js';
import { carryOutWrites } from './carryOut.js';
import type { Decision } from './carryOut.js';
import { checkFuture, checkScopes, inIso } from './checkInput.js';
import { loadAccount, loadApiKey } from './loadCurrent.js';
import { badInput, OperatorError } from './operatorError.js';
import { changedMeanwhile, written } from './writeAll.js';

/** How the secrets of keys begin, so that one that was published by mistake is recognised. */
const KEY_PREFIX = 'tg_';

const OVERLAP_SECONDS_MAX = 30 * 24 * 60 * 60;

export interface KeyAnswer {
  readonly apiKey: ApiKey;
}

export interface IssuedKeyAnswer extends KeyAnswer {
  /** Shown this once: the store knows its hash only. */
  readonly secret: string;
}

export interface NewKey {
  readonly accountId: string;
  /** Absent: all features. */
  readonly scopes?: readonly string[] | null | undefined;
  /** Absent: never. */
  readonly expiresAt?: Instant | null | undefined;
  /** Absent: it may spend all that the account has. */
  readonly budget?: Budget | null | undefined;
}

export const issueKey = (
  acting: Acting,
  { accountId, scopes = null, expiresAt = null, budget = null }: NewKey,
  key: string | null,
): Promise<IssuedKeyAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'issueApiKey',
    role: 'ADMIN',
    args: { accountId, scopes, expiresAt: inIso(expiresAt), ...(budget === null ? {} : { budget }) },
    decide: async (act) => {
      const checked = checkScopes(scopes);
      checkFuture('expiresAt', expiresAt, act.now);
      checkBudget(budget);
      const { id } = await loadAccount(acting.bank, accountId);
      const { record, secret } = await newKey(acting, act, {
        accountId: id,
        scopes: checked,
        expiresAt,
        budget: budget === null ? null : { ...budget, countedAs: act.idOf('key') },
      });
      const apiKey = written(record);
      return {
        writes: [{ kind: 'apiKey', record, lost: changedMeanwhile('accountId') }],
        change: { target: `account/${id}`, before: null, after: apiKey },
        answer: { apiKey, secret },
      };
    },
  });

const newKey = async (
  { bank }: Acting,
  { idOf, now }: Act,
  { budget, ...terms }: Pick<ApiKey, 'accountId' | 'scopes' | 'expiresAt' | 'budget'>,
): Promise<{ readonly record: ApiKey; readonly secret: string }> => {
  const secret = newSecret(KEY_PREFIX);
  const record: ApiKey = {
    id: apiKeyId(idOf('key')),
    ...terms,
    ...(budget == null ? {} : { budget }),
    secretHash: await bank.hashSecret(secret),
    prefix: prefixOf(secret),
    createdAt: now,
    revokedAt: null,
    version: 0,
  };
  return { record, secret };
};

export interface KeyNamed {
  readonly keyId: string;
}

/** A key in place of another, which is still good for the overlap. */
export const rotateKey = (
  acting: Acting,
  args: KeyNamed & { readonly overlapSeconds: number },
  key: string | null,
): Promise<IssuedKeyAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'rotateApiKey',
    role: 'ADMIN',
    args: { ...args },
    decide: async (act) => {
      const { keyId, overlapSeconds: seconds } = args;
      if (seconds < 0 || seconds > OVERLAP_SECONDS_MAX) {
        throw badInput('overlapSeconds', `must be a whole number from 0 to ${OVERLAP_SECONDS_MAX}.`);
      }
      const before = await loadApiKey(acting.bank, keyId);
      checkValid(before, act.now, 'This key is over: issue a new one.');
      // One that was to end before the overlap does is not to last longer for it.
      const overlap = Math.min(act.now + seconds * 1_000, before.expiresAt ?? Infinity);
      // The budget is counted on where it was: both keys together spend no more than the one might.
      const { accountId, scopes, expiresAt, budget = null } = before;
      const { record, secret } = await newKey(acting, act, { accountId, scopes, expiresAt, budget });
      const apiKey = written(record);
      const lost = changedMeanwhile('keyId');
      return {
        // The old key first: whoever rotates it at the same moment loses, and no second new key is left.
        writes: [
          { kind: 'apiKey', record: { ...before, expiresAt: overlap }, lost },
          { kind: 'apiKey', record, lost },
        ],
        change: {
          target: `account/${accountId}`,
          before,
          after: { apiKey, replaced: keyId, overlap },
        },
        answer: { apiKey, secret },
      };
    },
  });

export const revokeKey = (acting: Acting, args: KeyNamed, key: string | null): Promise<KeyAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'revokeApiKey',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ now }) => {
      const before = await loadApiKey(acting.bank, args.keyId);
      return decisionOn(before, { ...before, revokedAt: before.revokedAt ?? now });
    },
  });

export const expireKey = (
  acting: Acting,
  { keyId, expiresAt }: KeyNamed & { readonly expiresAt: Instant },
  key: string | null,
): Promise<KeyAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'expireApiKey',
    role: 'ADMIN',
    args: { keyId, expiresAt: inIso(expiresAt) },
    decide: async ({ now }) => {
      checkFuture('expiresAt', expiresAt, now);
      const before = await loadApiKey(acting.bank, keyId);
      checkValid(before, now, 'This key is over, and stays so: issue a new one.');
      return decisionOn(before, { ...before, expiresAt });
    },
  });

/** What a key may spend from now on; `null`: all that the account has. What it spent in the window so far counts. */
export const setKeyBudget = (
  acting: Acting,
  { keyId, budget }: KeyNamed & { readonly budget: Budget | null },
  key: string | null,
): Promise<KeyAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'setApiKeyBudget',
    role: 'ADMIN',
    args: { keyId, budget },
    decide: async ({ now }) => {
      checkBudget(budget);
      const before = await loadApiKey(acting.bank, keyId);
      checkValid(before, now, 'This key is over, and spends nothing: issue a new one.');
      const countedAs = before.budget?.countedAs ?? before.id;
      return decisionOn(before, { ...before, budget: budget === null ? null : { ...budget, countedAs } });
    },
  });

const checkBudget = (budget: Budget | null): void => {
  if (budget === null || isCredits(budget.credits)) return;
  throw badInput('budget.credits', 'must be a whole number from 0 to 2^53 - 1.');
};

const decisionOn = (before: ApiKey, record: ApiKey): Decision<KeyAnswer> => {
  const apiKey = written(record);
  return {
    writes: [{ kind: 'apiKey', record, lost: changedMeanwhile('keyId') }],
    change: { target: `account/${apiKey.accountId}`, before, after: apiKey },
    answer: { apiKey },
  };
};

const checkValid = (key: ApiKey, now: Instant, message: string): void => {
  if (keyStateAt(key, now) !== 'VALID') throw new OperatorError('CONFLICT', message, 'keyId');
};

/** Accounts, and the keys that speak for them. */
import type { Account, ApiKey } from '../../domain/account.js';
import { keyStateAt } from '../../domain/account.js';
import { accountId, apiKeyId } from '../../domain/ids.js';
import type { AccountId } from '../../domain/ids.js';
import type { Instant } from '../../domain/period.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { KEY_PREFIX, OperatorError, prefixOf } from '../../admin/operator.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { accountOf, apiKeyOf } from '../../admin/found.js';
import { badInput, checkId, checkName, futureOf } from '../../admin/input.js';

const OVERLAP_SECONDS_MAX = 30 * 24 * 60 * 60;
const SCOPES_MAX = 100;

const changedMeanwhile = (): OperatorError =>
  new OperatorError('CONFLICT', 'It was changed by somebody else at the same moment. Look at it, and try again.');

const saveAccount = async ({ engine, act }: AdminContext, before: Account, after: Account) => {
  const [outcome] = await engine.store.saveAccounts([after]);
  if (outcome !== 'WON') throw changedMeanwhile();
  const account = { ...after, version: after.version + 1 };
  act.note({ target: `account/${account.id}`, before, after: account });
  return { account };
};

const saveKey = async ({ engine, act }: AdminContext, before: ApiKey, after: ApiKey) => {
  const [outcome] = await engine.store.saveApiKeys([after]);
  if (outcome !== 'WON') throw changedMeanwhile();
  const apiKey = { ...after, version: after.version + 1 };
  act.note({ target: `account/${apiKey.accountId}`, before, after: apiKey });
  return { apiKey };
};

interface KeyTerms {
  readonly scopes: readonly string[] | null;
  readonly expiresAt: Instant | null;
}

const issue = async ({ engine, act, now }: AdminContext, account: AccountId, { scopes, expiresAt }: KeyTerms) => {
  const secret = act.secret(KEY_PREFIX);
  const key: ApiKey = {
    id: apiKeyId(act.id('key')),
    accountId: account,
    secretHash: await engine.hashSecret(secret),
    prefix: prefixOf(secret),
    scopes,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    version: 0,
  };
  // Lost only to itself, before the process died: the secret is of this act alone.
  await engine.store.saveApiKeys([key]);
  const apiKey = { ...key, version: 1 };
  act.note({ target: `account/${account}`, before: null, after: apiKey });
  return { apiKey, secret };
};

const checkScopes = (scopes: readonly string[] | null): readonly string[] | null => {
  if (scopes === null) return null;
  const isSound = scopes.length <= SCOPES_MAX && scopes.every((scope) => scope.trim() !== '');
  if (!isSound) throw badInput('scopes', `must be at most ${SCOPES_MAX} names of features, none of them empty.`);
  return [...new Set(scopes)];
};

export const accountMutations: MutationResolvers = {
  createAccount: async (_root, { id, name }, context) => {
    const { engine, act, now } = context;
    if (id != null) checkId('id', id);
    checkName('name', name);
    const account: Account = {
      id: accountId(id ?? act.id('account')),
      name,
      createdAt: now,
      suspendedAt: null,
      version: 0,
    };
    const [outcome] = await engine.store.saveAccounts([account]);
    if (outcome !== 'WON') throw new OperatorError('CONFLICT', 'There is an account with this id.', 'id');
    const created = { ...account, version: 1 };
    act.note({ target: `account/${account.id}`, before: null, after: created });
    return { account: created };
  },

  suspendAccount: async (_root, { accountId: id }, context) => {
    const account = await accountOf(context.engine, id);
    return saveAccount(context, account, { ...account, suspendedAt: account.suspendedAt ?? context.now });
  },

  resumeAccount: async (_root, { accountId: id }, context) => {
    const account = await accountOf(context.engine, id);
    return saveAccount(context, account, { ...account, suspendedAt: null });
  },

  issueApiKey: async (_root, { accountId: id, scopes, expiresAt }, context) => {
    const checked = checkScopes(scopes ?? null);
    const ends = expiresAt == null ? null : futureOf('expiresAt', expiresAt, context.now);
    const account = await accountOf(context.engine, id);
    return issue(context, account.id, { scopes: checked, expiresAt: ends });
  },

  rotateApiKey: async (_root, { keyId, overlapSeconds: seconds }, context) => {
    if (seconds < 0 || seconds > OVERLAP_SECONDS_MAX) {
      throw badInput('overlapSeconds', `must be a whole number from 0 to ${OVERLAP_SECONDS_MAX}.`);
    }
    const { now } = context;
    const before = await apiKeyOf(context.engine, keyId);
    if (keyStateAt(before, now) !== 'VALID') {
      throw new OperatorError('CONFLICT', 'This key is over: issue a new one.', 'keyId');
    }
    // The old key first: whoever rotates it at the same moment loses, and no second new key is left.
    const endsAt = now + seconds * 1_000;
    const overlap = before.expiresAt === null ? endsAt : Math.min(endsAt, before.expiresAt);
    await saveKey(context, before, { ...before, expiresAt: overlap });
    const issued = await issue(context, before.accountId, { scopes: before.scopes, expiresAt: before.expiresAt });
    const { apiKey } = issued;
    context.act.note({ target: `account/${before.accountId}`, before, after: { apiKey, replaced: keyId, overlap } });
    return issued;
  },

  revokeApiKey: async (_root, { keyId }, context) => {
    const key = await apiKeyOf(context.engine, keyId);
    return saveKey(context, key, { ...key, revokedAt: key.revokedAt ?? context.now });
  },

  expireApiKey: async (_root, { keyId, expiresAt }, context) => {
    const ends = futureOf('expiresAt', expiresAt, context.now);
    const key = await apiKeyOf(context.engine, keyId);
    if (keyStateAt(key, context.now) !== 'VALID') {
      throw new OperatorError('CONFLICT', 'This key is over, and stays so: issue a new one.', 'keyId');
    }
    return saveKey(context, key, { ...key, expiresAt: ends });
  },
};

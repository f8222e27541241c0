/**
 * What an operator does to accounts, keys, plans, subscriptions and credits: load, decide with the rules of the domain,
 * save. Each verb is safe to repeat: doing it again with the same content changes nothing.
 */
import { randomBytes } from 'node:crypto';
import type { Account, ApiKey } from '../domain/account.js';
import { accountId, apiKeyId, grantId } from '../domain/ids.js';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import { commandEntryId } from '../domain/ledger.js';
import type { Instant } from '../domain/period.js';
import { planFaults } from '../domain/plan.js';
import type { Plan } from '../domain/plan.js';
import type { Subscription } from '../domain/subscription.js';
import { applyCommand } from '../domain/walletCommands.js';
import type { GrantCommand } from '../domain/walletCredits.js';
import type { WalletFault } from '../domain/walletStep.js';
import type { Engine } from '../paywall/engine.js';

/** What an operator asked for can't be done; `code` is what the admin API answers. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  constructor(
    readonly code: 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN',
    message: string,
    readonly argument: string | null = null,
  ) {
    super(message);
  }
}

/** Creates an account. One that is there already under this id is given back as it is. */
export const createAccount = async (
  { store, settings }: Engine,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Account> => {
  if (id.trim() === '') throw new OperatorError('BAD_USER_INPUT', 'An account needs an id.', 'id');
  const account: Account = { id: accountId(id), name, createdAt: settings.now(), suspendedAt: null, version: 0 };
  const [outcome] = await store.saveAccounts([account]);
  if (outcome === 'WON') return { ...account, version: 1 };
  const [existing] = await store.findAccounts([account.id]);
  if (existing == null)
    throw new OperatorError('CONFLICT', `The account "${id}" was changed at the same moment.`, 'id');
  return existing;
};

export interface IssuedKey {
  readonly key: ApiKey;
  /** Shown this once: the store knows its hash only. */
  readonly secret: string;
}

export interface KeyTerms {
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Instant | null;
}

const SECRET_BYTES = 24;
const PREFIX_LENGTH = 8;
/** How the secrets of keys begin, so that one that was published by mistake is recognised. */
export const KEY_PREFIX = 'tg_';

/** What is shown of a secret, by which a person tells keys apart. */
export const prefixOf = (secret: string): string => secret.slice(0, PREFIX_LENGTH);

/** Issues a new key that speaks for an account. */
export const issueKey = async (
  { store, settings, hashSecret }: Engine,
  account: AccountId,
  { scopes = null, expiresAt = null }: KeyTerms = {},
): Promise<IssuedKey> => {
  const [known] = await store.findAccounts([account]);
  if (known == null) throw new OperatorError('NOT_FOUND', `There is no account "${account}".`, 'account');
  const secret = `${KEY_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const key: ApiKey = {
    id: apiKeyId(settings.newId()),
    accountId: account,
    secretHash: await hashSecret(secret),
    prefix: prefixOf(secret),
    scopes,
    createdAt: settings.now(),
    expiresAt,
    revokedAt: null,
    version: 0,
  };
  const [outcome] = await store.saveApiKeys([key]);
  if (outcome !== 'WON') throw new OperatorError('CONFLICT', 'A key with this secret exists. Issue another one.');
  return { key: { ...key, version: 1 }, secret };
};

/** Publishes a version of a plan. A published version never changes: the same version with other content is a conflict. */
export const publishPlan = async ({ store }: Engine, plan: Plan): Promise<void> => {
  const [fault] = planFaults(plan);
  if (fault !== undefined) throw new OperatorError('BAD_USER_INPUT', fault.message, fault.argument);
  const [outcome] = await store.savePlans([plan]);
  if (outcome === 'LOST') {
    throw new OperatorError(
      'CONFLICT',
      `Version ${plan.version} of plan "${plan.id}" is published with other content.`,
      'version',
    );
  }
};

/** Saves a subscription as decided on the version it was read at; `version` 0 is an account's first. */
export const saveSubscription = async ({ store }: Engine, subscription: Subscription): Promise<void> => {
  const [outcome] = await store.saveSubscriptions([subscription]);
  if (outcome !== 'WON') {
    throw new OperatorError(
      'CONFLICT',
      `The subscription of account "${subscription.accountId}" was changed meanwhile.`,
    );
  }
};

export interface CreditTerms {
  /** Names the grant: the same id is granted once. */
  readonly id: string;
  readonly credits: number;
  readonly reason: string;
  readonly expiresAt?: Instant | null;
  readonly priority?: number;
}

/** Grants credits to an account, once per id. */
export const grantCredits = async (
  { keeper }: Engine,
  account: AccountId,
  { id, credits, reason, expiresAt = null, priority = 0 }: CreditTerms,
): Promise<void> => {
  const command: GrantCommand = { kind: 'grant', id: grantId(id), credits, reason, expiresAt, priority };
  const fault = await keeper.apply<readonly LedgerEntry[], WalletFault | null>(account, {
    load: async (store) => {
      const [recorded] = await store.findLedgerEntries(account, [commandEntryId(id, 0)]);
      return recorded == null ? [] : [recorded];
    },
    decide: (wallet, now, recorded = []) => {
      const applied = applyCommand(wallet, { ...command, recorded }, now);
      return { wallet: applied.wallet, outcome: applied.result.status === 'REFUSED' ? applied.result.fault : null };
    },
  });
  if (fault !== null) {
    const code = fault === 'CONFLICT' ? 'CONFLICT' : 'BAD_USER_INPUT';
    throw new OperatorError(code, `The grant "${id}" was refused: ${GRANT_FAULTS[fault] ?? fault}.`);
  }
};

const GRANT_FAULTS: Readonly<Partial<Record<WalletFault, string>>> = {
  CONFLICT: 'a grant with this id was made before with other content',
  AMOUNT_INVALID: 'credits are a whole number from 1 to 2^53 - 1, and a priority is a whole number',
  DATES_OUT_OF_ORDER: 'it must expire in the future',
  BALANCE_TOO_LARGE: 'the balance would be more than 2^53 - 1 credits',
  TOO_MANY_GRANTS: 'the account has as many grants as it can have; give fewer, larger ones',
};

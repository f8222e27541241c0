/** Accounts: made, barred from what is paid, and let in again. */
import type { Account } from '../domain/account.js';
import { accountId } from '../domain/ids.js';
import { UTC } from '../domain/timeZone.js';
import type { TimeZone } from '../domain/timeZone.js';
import type { Acting } from './acting.js';
import { carryOutWrites } from './carryOut.js';
import type { Decision } from './carryOut.js';
import { checkId, checkName, checkTimeZone } from './checkInput.js';
import { loadAccount } from './loadCurrent.js';
import { changedMeanwhile, written } from './writeAll.js';
import type { Lost } from './writeAll.js';

export interface AccountAnswer {
  readonly account: Account;
}

export interface NewAccount {
  /** Absent: one is made up. */
  readonly id?: string | null | undefined;
  readonly name: string;
  /** Absent: UTC. */
  readonly timeZone?: TimeZone;
}

export const createAccount = (acting: Acting, args: NewAccount, key: string | null): Promise<AccountAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'createAccount',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ idOf, now }) => {
      const { id, name, timeZone = UTC } = args;
      if (id != null) checkId('id', id);
      checkName('name', name);
      checkTimeZone('timeZone', timeZone);
      const made = accountId(id ?? idOf('account'));
      const account: Account = { id: made, name, createdAt: now, suspendedAt: null, timeZone, version: 0 };
      return decisionOn(null, account, {
        argument: 'id',
        message: 'There is an account with this id.',
      });
    },
  });

export interface AccountNamed {
  readonly accountId: string;
}

/** Days and months of the account are counted in it, for limits and credits. */
export const setTimeZone = (
  acting: Acting,
  args: AccountNamed & { readonly timeZone: string },
  key: string | null,
): Promise<AccountAnswer> =>
  changeAccount(acting, key, 'setTimeZone', args, (account) => {
    checkTimeZone('timeZone', args.timeZone);
    return { ...account, timeZone: args.timeZone };
  });

export const suspendAccount = (acting: Acting, args: AccountNamed, key: string | null): Promise<AccountAnswer> =>
  changeAccount(acting, key, 'suspendAccount', args, (account) => ({
    ...account,
    suspendedAt: account.suspendedAt ?? acting.now,
  }));

export const resumeAccount = (acting: Acting, args: AccountNamed, key: string | null): Promise<AccountAnswer> =>
  changeAccount(acting, key, 'resumeAccount', args, (account) => ({
    ...account,
    suspendedAt: null,
  }));

const decisionOn = (before: Account | null, record: Account, lost: Lost): Decision<AccountAnswer> => {
  const account = written(record);
  return {
    writes: [{ kind: 'account', record, lost }],
    change: { target: `account/${account.id}`, before, after: account },
    answer: { account },
  };
};

const changeAccount = (
  acting: Acting,
  key: string | null,
  verb: string,
  args: AccountNamed,
  change: (account: Account) => Account,
): Promise<AccountAnswer> =>
  carryOutWrites(acting, key, {
    verb,
    role: 'ADMIN',
    args: { ...args },
    decide: async () => {
      const account = await loadAccount(acting.bank, args.accountId);
      return decisionOn(account, change(account), changedMeanwhile('accountId'));
    },
  });

/** Credits: granted, corrected, given back. Each is a command of the wallet under an id of the act's own. */
import { timeZoneOf } from '../domain/account.js';
import { grantId, holdId } from '../domain/ids.js';
import type { AccountId, HoldId } from '../domain/ids.js';
import { commandEntryId } from '../domain/ledger.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Instant } from '../domain/period.js';
import { dayNameAt } from '../domain/timeZone.js';
import { applyCommand } from '../domain/walletCommand.js';
import type { AdjustCommand, GrantCommand, RefundCommand } from '../domain/walletCredits.js';
import type { WalletFault } from '../domain/walletStep.js';
import { viewAt } from '../domain/walletView.js';
import type { WalletView } from '../domain/walletView.js';
import { findHistory } from '../ledger/heldOperation.js';
import type { Acting } from './acting.js';
import { carryOut } from './carryOut.js';
import type { Done } from './carryOut.js';
import { checkFuture, checkName, inIso } from './checkInput.js';
import { loadAccount } from './loadCurrent.js';
import { OperatorError } from './operatorError.js';
import type { OperatorErrorCode } from './operatorError.js';

type Said = readonly [code: OperatorErrorCode, message: string, argument: string];

const FAULTS: Readonly<Partial<Record<WalletFault, Said>>> = {
  CONFLICT: ['CONFLICT', 'What is named like this was made before with other content.', 'idempotencyKey'],
  AMOUNT_INVALID: [
    'BAD_USER_INPUT',
    'Credits are a whole number from 1 to 2^53 - 1, to adjust by not 0. A priority is a whole number.',
    'credits',
  ],
  DATES_OUT_OF_ORDER: ['BAD_USER_INPUT', 'It must expire in the future.', 'expiresAt'],
  BALANCE_TOO_LARGE: ['BAD_USER_INPUT', 'The balance would be more than 2^53 - 1 credits.', 'credits'],
  TOO_MANY_GRANTS: ['CONFLICT', 'The account has as many grants as it can have. Give fewer, larger ones.', 'accountId'],
  INSUFFICIENT_CREDITS: ['CONFLICT', 'There are not so many credits to take.', 'credits'],
  UNKNOWN_GRANT: ['NOT_FOUND', 'The account has no such grant, or none with credits.', 'grantId'],
  GRANT_EXPIRED: ['CONFLICT', 'This grant has expired.', 'grantId'],
  UNKNOWN_CHARGE: ['NOT_FOUND', 'Nothing was charged under this id.', 'holdId'],
  REFUND_EXCEEDS_CHARGE: ['CONFLICT', 'So much was not charged, or it was given back already.', 'credits'],
};

const refusalOf = (fault: WalletFault): OperatorError => {
  const said = FAULTS[fault] ?? ['CONFLICT', `The wallet refused it: ${fault}.`, 'accountId'];
  return new OperatorError(...said);
};

export interface CreditsAnswer {
  readonly balance: Pick<WalletView, 'available' | 'held' | 'grants'>;
  readonly entries: readonly LedgerEntry[];
}

export interface NewGrant {
  readonly accountId: string;
  readonly credits: number;
  readonly reason: string;
  /** Absent: never. */
  readonly expiresAt?: Instant | null | undefined;
  /** Lower is spent first. Absent: 0. */
  readonly priority?: number | undefined;
  /** Names the grant: the same id is granted once, whatever the key. Absent: it is named after the key. */
  readonly grantId?: string | undefined;
}

export const grantCredits = (
  acting: Acting,
  { accountId, credits, reason, expiresAt = null, priority = 0, grantId: named }: NewGrant,
  key: string | null,
): Promise<CreditsAnswer> =>
  carryOut(acting, key, {
    verb: 'grantCredits',
    role: 'ADMIN',
    args: {
      accountId,
      credits,
      reason,
      expiresAt: inIso(expiresAt),
      priority,
      ...(named === undefined ? {} : { grantId: named }),
    },
    decide: async ({ idOf, now }) => {
      checkName('reason', reason);
      checkFuture('expiresAt', expiresAt, now);
      const account = await loadAccount(acting.bank, accountId);
      const id = grantId(named ?? idOf('command'));
      const command = { kind: 'grant', id, credits, reason, expiresAt, priority } as const;
      return { accountId: account.id, command };
    },
    save: (intent) => apply(acting, intent),
  });

export interface Adjustment {
  readonly accountId: string;
  /** How many to add, or to take where negative. */
  readonly credits: number;
  readonly reason: string;
  /** Absent: what is taken burns as for a charge, and what is added is a grant of its own. */
  readonly grantId?: string | null | undefined;
}

export const adjustCredits = (acting: Acting, args: Adjustment, key: string | null): Promise<CreditsAnswer> =>
  carryOut(acting, key, {
    verb: 'adjustCredits',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ idOf }) => {
      const { credits, reason, grantId: grant } = args;
      checkName('reason', reason);
      const account = await loadAccount(acting.bank, args.accountId);
      const target = grant == null ? null : grantId(grant);
      const id = idOf('command');
      const command = { kind: 'adjust', id, credits, reason, grantId: target } as const;
      return { accountId: account.id, command };
    },
    save: (intent) => apply(acting, intent),
  });

export interface Refund {
  readonly accountId: string;
  readonly holdId: string;
  /** Absent: all that was not given back before. */
  readonly credits?: number | null | undefined;
  readonly reason: string;
}

export const refundCharge = (acting: Acting, args: Refund, key: string | null): Promise<CreditsAnswer> =>
  carryOut(acting, key, {
    verb: 'refundCharge',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ idOf, now }) => {
      const { credits = null, reason, holdId: hold } = args;
      checkName('reason', reason);
      const account = await loadAccount(acting.bank, args.accountId);
      const id = idOf('command');
      const day = dayNameAt(timeZoneOf(account), now);
      const command = { kind: 'refund', id, holdId: holdId(hold), credits, reason, day } as const;
      return { accountId: account.id, command };
    },
    save: (intent) => apply(acting, intent),
  });

/** `credits` `null`: all that is left to be given back. */
interface RefundWanted extends Pick<RefundCommand, 'kind' | 'id' | 'holdId' | 'reason' | 'day'> {
  readonly credits: number | null;
}

type Wanted = Omit<GrantCommand, 'recorded'> | Omit<AdjustCommand, 'recorded'> | RefundWanted;

interface CreditsIntent {
  readonly accountId: AccountId;
  readonly command: Wanted;
}

interface Loaded {
  readonly recorded: readonly LedgerEntry[];
  readonly history: readonly LedgerEntry[];
}

interface Outcome {
  readonly fault: WalletFault | null;
  readonly view: WalletView;
}

const apply = async ({ bank }: Acting, { accountId, command: wanted }: CreditsIntent): Promise<Done<CreditsAnswer>> => {
  const findEntries = async (): Promise<readonly LedgerEntry[]> => {
    const found = await bank.store.findLedgerEntries(accountId, entryIdsOf(wanted.id));
    return found.filter((entry) => entry !== null);
  };
  const { fault, view } = await bank.keeper.apply<Loaded, Outcome>(accountId, {
    // Read after the wallet, so that what others do at the same moment is in one of the two.
    load: async (store) => ({
      recorded: await findEntries(),
      history: wanted.kind === 'refund' ? await findHistory(store, { accountId, holdId: wanted.holdId }) : [],
    }),
    decide: (wallet, now, loaded = { recorded: [], history: [] }) => {
      const command = commandOf(wanted, loaded);
      if (typeof command === 'string') {
        return { wallet, outcome: { fault: command, view: viewAt(wallet, now) } };
      }
      const applied = applyCommand(wallet, { ...command, recorded: loaded.recorded }, now);
      const refused = applied.result.status === 'REFUSED' ? applied.result.fault : null;
      const outcome = { fault: refused, view: viewAt(applied.wallet, now) };
      return { wallet: applied.wallet, outcome };
    },
  });
  if (fault !== null) throw refusalOf(fault);
  const entries = await findEntries();
  const { available, held, grants } = view;
  const moved = entries.reduce((sum, { credits }) => sum + credits, 0);
  return {
    change: {
      target: `account/${accountId}`,
      before: { available: available - moved },
      after: { available, entries },
    },
    answer: { balance: { available, held, grants }, entries },
  };
};

/** More entries than one command makes. */
const ENTRIES_MAX = 256;

const entryIdsOf = (commandId: string): readonly string[] =>
  Array.from({ length: ENTRIES_MAX }, (_, index) => commandEntryId(commandId, index));

/** A fault in place of a command: there is nothing to be done. */
const commandOf = (
  wanted: Wanted,
  { recorded, history }: Loaded,
): GrantCommand | AdjustCommand | RefundCommand | WalletFault => {
  if (wanted.kind !== 'refund') return wanted;
  const { credits } = wanted;
  if (credits !== null) return { ...wanted, credits, history };
  const due = leftToRefund(recorded, history, wanted.holdId);
  if (due === 0) return history.length === 0 ? 'UNKNOWN_CHARGE' : 'REFUND_EXCEEDS_CHARGE';
  return { ...wanted, credits: due, history };
};

/** What was charged under a hold and not given back yet, but by this very command. */
const leftToRefund = (recorded: readonly LedgerEntry[], history: readonly LedgerEntry[], hold: HoldId): number => {
  const mine = new Set(recorded.map((entry) => entry.id));
  return history
    .filter((entry) => entry.holdId === hold && !mine.has(entry.id))
    .filter(({ kind }) => kind === 'CHARGE' || kind === 'REFUND')
    .reduce((sum, entry) => sum - entry.credits, 0);
};

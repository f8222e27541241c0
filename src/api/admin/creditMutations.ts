/** Credits: granted, corrected, given back. Each is a command of the wallet under an id of the mutation's own. */
import { grantId, holdId } from '../../domain/ids.js';
import type { AccountId, HoldId } from '../../domain/ids.js';
import { commandEntryId } from '../../domain/ledger.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import { applyCommand } from '../../domain/walletCommands.js';
import type { AdjustCommand, GrantCommand, RefundCommand } from '../../domain/walletCredits.js';
import type { WalletFault } from '../../domain/walletStep.js';
import { viewAt } from '../../domain/walletView.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { findHistory } from '../../paywall/settle/charge.js';
import type { Store } from '../../store/store.js';
import type { BalanceSource } from '../billing.js';
import { OperatorError } from '../../admin/operator.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { accountOf } from '../../admin/found.js';
import { checkName, futureOf } from '../../admin/input.js';

type Command = GrantCommand | AdjustCommand | RefundCommand;

type Said = readonly [code: OperatorError['code'], argument: string, message: string];

const TOO_LARGE: Said = ['BAD_USER_INPUT', 'credits', 'The balance would be more than 2^53 - 1 credits.'];
const FAULTS: Readonly<Partial<Record<WalletFault, Said>>> = {
  AMOUNT_INVALID: ['BAD_USER_INPUT', 'credits', 'Credits are a whole number from 1 to 2^53 - 1, to adjust by not 0.'],
  DATES_OUT_OF_ORDER: ['BAD_USER_INPUT', 'expiresAt', 'It must expire in the future.'],
  BALANCE_TOO_LARGE: TOO_LARGE,
  TOO_MANY_GRANTS: ['CONFLICT', 'accountId', 'The account has as many grants as it can have. Give fewer, larger ones.'],
  INSUFFICIENT_CREDITS: ['CONFLICT', 'credits', 'There are not so many credits to take.'],
  UNKNOWN_GRANT: ['NOT_FOUND', 'grantId', 'The account has no such grant, or none with credits.'],
  GRANT_EXPIRED: ['CONFLICT', 'grantId', 'This grant has expired.'],
  UNKNOWN_CHARGE: ['NOT_FOUND', 'holdId', 'Nothing was charged under this id.'],
  REFUND_EXCEEDS_CHARGE: ['CONFLICT', 'credits', 'So much was not charged, or it was given back already.'],
};

interface Loaded {
  readonly recorded: readonly LedgerEntry[];
  readonly history: readonly LedgerEntry[];
}

interface Outcome {
  readonly fault: WalletFault | null;
  readonly before: BalanceSource;
  readonly balance: BalanceSource;
}

/** More entries than one command makes. */
const ENTRIES_MAX = 256;

const entriesOf = async ({ engine }: AdminContext, account: AccountId, id: string): Promise<readonly LedgerEntry[]> => {
  const ids = Array.from({ length: ENTRIES_MAX }, (_, index) => commandEntryId(id, index));
  const found = await engine.store.findLedgerEntries(account, ids);
  return found.filter((entry) => entry !== null);
};

interface Order {
  /** A fault in place of a command: there is nothing to be done. */
  readonly commandOf: (loaded: Loaded) => Command | WalletFault;
  /** Read after the wallet, so that what others do at the same moment is in one of the two. */
  readonly loadHistory?: (store: Store) => Promise<readonly LedgerEntry[]>;
}

const apply = async (context: AdminContext, account: AccountId, { commandOf, loadHistory }: Order) => {
  const { engine, act } = context;
  const id = act.id('command');
  const { fault, before, balance } = await engine.keeper.apply<Loaded, Outcome>(account, {
    load: async (store) => ({
      recorded: await entriesOf(context, account, id),
      history: (await loadHistory?.(store)) ?? [],
    }),
    decide: (wallet, now, loaded = { recorded: [], history: [] }) => {
      const was = viewAt(wallet, now);
      const command = commandOf(loaded);
      if (typeof command === 'string') return { wallet, outcome: { fault: command, before: was, balance: was } };
      const applied = applyCommand(wallet, { ...command, recorded: loaded.recorded }, now);
      const refused = applied.result.status === 'REFUSED' ? applied.result.fault : null;
      return { wallet: applied.wallet, outcome: { fault: refused, before: was, balance: viewAt(applied.wallet, now) } };
    },
  });
  if (fault !== null) throw refusalOf(fault);
  const entries = await entriesOf(context, account, id);
  const [{ available: had }, { available }] = [before, balance];
  act.note({ target: `account/${account}`, before: { available: had }, after: { available, entries } });
  const { held, grants } = balance;
  return { balance: { available, held, grants }, entries };
};

const refusalOf = (fault: WalletFault): OperatorError => {
  const [code, argument, message] = FAULTS[fault] ?? ['CONFLICT', 'accountId', `The wallet refused it: ${fault}.`];
  return new OperatorError(code, message, argument);
};

export const creditMutations: MutationResolvers = {
  grantCredits: async (_root, { accountId, credits, reason, expiresAt, priority }, context) => {
    checkName('reason', reason);
    const ends = expiresAt == null ? null : futureOf('expiresAt', expiresAt, context.now);
    const { id } = await accountOf(context.engine, accountId);
    const commandOf = (): Command => ({
      kind: 'grant',
      id: grantId(context.act.id('command')),
      credits,
      reason,
      expiresAt: ends,
      priority,
    });
    return apply(context, id, { commandOf });
  },

  adjustCredits: async (_root, { accountId, credits, reason, grantId: grant }, context) => {
    checkName('reason', reason);
    const { id } = await accountOf(context.engine, accountId);
    const commandOf = (): Command => ({
      kind: 'adjust',
      id: context.act.id('command'),
      credits,
      reason,
      grantId: grant == null ? null : grantId(grant),
    });
    return apply(context, id, { commandOf });
  },

  refundCharge: async (_root, { accountId, holdId: hold, credits, reason }, context) => {
    checkName('reason', reason);
    const { id } = await accountOf(context.engine, accountId);
    const held = { accountId: id, holdId: holdId(hold) };
    const commandOf = ({ recorded, history }: Loaded): Command | WalletFault => {
      const due = credits ?? leftToRefund(recorded, history, held.holdId);
      if (credits == null && due === 0) return history.length === 0 ? 'UNKNOWN_CHARGE' : 'REFUND_EXCEEDS_CHARGE';
      return { kind: 'refund', id: context.act.id('command'), holdId: held.holdId, credits: due, reason, history };
    };
    return apply(context, id, { commandOf, loadHistory: (store) => findHistory(store, held) });
  },
};

/** What was charged under a hold and not given back yet, but by this very command. */
const leftToRefund = (recorded: readonly LedgerEntry[], history: readonly LedgerEntry[], hold: HoldId): number => {
  const mine = new Set(recorded.map((entry) => entry.id));
  return history
    .filter((entry) => entry.holdId === hold && !mine.has(entry.id))
    .filter(({ kind }) => kind === 'CHARGE' || kind === 'REFUND')
    .reduce((sum, entry) => sum - entry.credits, 0);
};

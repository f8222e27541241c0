/**
 * What becomes of a hold: set aside, extended, captured, given back, each a task on the wallet that may be asked again and
 * is carried out once. What is held and what of it is charged is decided by whoever asks.
 */
import type { AccountId, HoldId } from '../domain/ids.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import { commandEntryId } from '../domain/ledger.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Demand } from '../domain/demand.js';
import { isOfBudget } from '../domain/budget.js';
import type { Instant } from '../domain/period.js';
import { NO_USAGE } from '../domain/usage.js';
import { countUnits } from '../domain/wallet.js';
import type { Wallet } from '../domain/wallet.js';
import { applyCommand } from '../domain/walletCommand.js';
import type { RefundCommand } from '../domain/walletCredits.js';
import type { CaptureCommand, ExtendCommand, HoldCommand } from '../domain/walletHolds.js';
import { findHold } from '../domain/walletMoves.js';
import type { ChargeLine } from '../domain/walletMoves.js';
import type { WalletFault } from '../domain/walletStep.js';
import { viewAt } from '../domain/walletView.js';
import type { Store } from '../store/store.js';
import { StoreError } from '../store/storeError.js';
import type { WalletTask } from './lane.js';
import type { WalletKeeper } from './walletKeeper.js';

export interface Claim {
  readonly holdId: HoldId;
  /** Names this extension of the hold; `null`: it is the hold's first claim, made before the operation runs. */
  readonly extensionId: string | null;
  readonly expiresAt: Instant;
}

/** Sets aside what is asked for. An operation that was quoted nothing has no hold to extend yet: it gets an empty one. */
export const setAside = (
  wallet: Wallet,
  { credits, claims }: Demand,
  { holdId: id, extensionId, expiresAt }: Claim,
  at: Instant,
): Wallet => {
  if (extensionId === null) return applied(wallet, { kind: 'hold', id, credits, units: claims, expiresAt }, at);
  const held =
    findHold(wallet, id) === undefined
      ? applied(wallet, { kind: 'hold', id, credits: 0, units: [], expiresAt }, at)
      : wallet;
  return applied(held, { kind: 'extend', id: extensionId, holdId: id, credits, units: claims }, at);
};

const applied = (wallet: Wallet, command: HoldCommand | ExtendCommand, at: Instant): Wallet => {
  const { wallet: changed, result } = applyCommand(wallet, command, at);
  if (result.status === 'REFUSED') throw new StoreError('FAILED', `The hold was refused: ${result.fault}.`);
  return changed;
};

/** Whether a wallet has this very claim: its write was applied, although the reply was lost. */
export const wasSetAside = (
  wallet: Wallet,
  { holdId, extensionId }: Pick<Claim, 'holdId' | 'extensionId'>,
): boolean => {
  const hold = findHold(wallet, holdId);
  return extensionId === null ? hold !== undefined : (hold?.extensions.some(({ id }) => id === extensionId) ?? false);
};

/** A hold that could not be captured, and why. */
class NotCaptured extends Error {
  override readonly name = 'NotCaptured';
  constructor(
    readonly holdId: HoldId,
    readonly fault: WalletFault,
  ) {
    super(`The hold ${holdId} could not be captured: ${fault}.`);
  }
}

export interface HeldOperation {
  readonly accountId: AccountId;
  readonly holdId: HoldId;
  readonly operationName: string | null;
}

/** What is captured of a hold. */
export type Capture = Pick<CaptureCommand, 'lines' | 'units' | 'used'>;

/**
 * Captures what was delivered and gives the credits that can be spent then. Rejects with `NotCaptured` where the hold
 * is over, and with `StoreError` where the write could not be confirmed.
 */
export const capture = (keeper: WalletKeeper, held: HeldOperation, captured: Capture): Promise<number> =>
  keeper.apply<readonly LedgerEntry[] | undefined, number>(held.accountId, {
    // Only a capture that comes again can be one that the wallet has forgotten.
    loadAgain: (store) => store.findHoldEntries(held.accountId, held.holdId),
    decide: (wallet, now, recorded) => {
      const applied = applyCommand(wallet, captureCommand(held, captured, recorded), now);
      if (applied.result.status === 'REFUSED') throw new NotCaptured(held.holdId, applied.result.fault);
      return { wallet: applied.wallet, outcome: viewAt(applied.wallet, now).available };
    },
  });

const captureCommand = (
  { holdId, operationName }: HeldOperation,
  { lines, units, used }: Capture,
  recorded: readonly LedgerEntry[] | undefined,
): CaptureCommand => ({
  kind: 'capture',
  holdId,
  lines,
  units,
  ...(operationName === null ? {} : { operation: operationName }),
  ...(used === undefined ? {} : { used }),
  ...(recorded === undefined ? {} : { recorded }),
});

/** The credits that can be spent after a charge, and those that were charged by it: none where it was made before. */
export interface ChargedNow {
  readonly balance: number;
  readonly charged: number;
}

/**
 * Captures what the record of a keyed operation says, if that is still to be done. Answers the credits that can be spent
 * then, or `null` where the hold is over and nothing was charged.
 */
export const captureRecorded = (keeper: WalletKeeper, record: KeyedOperation): Promise<ChargedNow | null> => {
  const { accountId, holdId, lines, units } = record;
  const isFree = lines.length === 0 && units.length === 0;
  let charged = 0;
  return keeper.apply<readonly LedgerEntry[], ChargedNow | null>(accountId, {
    load: (store) => (isFree ? [] : store.findHoldEntries(accountId, holdId)),
    decide: (wallet, now, recorded) => {
      if (isFree) return { wallet, outcome: { balance: viewAt(wallet, now).available, charged } };
      const applied = applyCommand(wallet, captureCommand(record, record, recorded), now);
      if (applied.result.status === 'REFUSED') return { wallet, outcome: null };
      if (applied.wallet !== wallet) charged = creditsIn(lines);
      return { wallet: applied.wallet, outcome: { balance: viewAt(applied.wallet, now).available, charged } };
    },
  });
};

/**
 * Charges what a record says although its hold is over, by a hold of its own. What a plan covered then is not counted
 * now: the window of its limit may have passed. What it takes of a budget is, whatever is left of it: it is paid for. Answers like `captureRecorded`; `null`: the credits don't suffice.
 */
export const chargeRecorded = (
  keeper: WalletKeeper,
  record: KeyedOperation,
  id: HoldId,
  holdTtlMs: number,
): Promise<ChargedNow | null> => {
  const { accountId, lines, operationName } = record;
  const budgets = record.units.filter(isOfBudget);
  const credits = creditsIn(lines);
  let charged = 0;
  return keeper.apply<readonly LedgerEntry[], ChargedNow | null>(accountId, {
    load: (store) => store.findHoldEntries(accountId, id),
    decide: (wallet, now, recorded) => {
      const command = captureCommand({ accountId, holdId: id, operationName }, { ...record, units: [] }, recorded);
      const before = applyCommand(wallet, command, now);
      if (before.result.status === 'APPLIED') {
        return { wallet, outcome: { balance: viewAt(wallet, now).available, charged } };
      }
      const expiresAt = now + holdTtlMs;
      const held = applyCommand(wallet, { kind: 'hold', id, credits, units: [], expiresAt }, now);
      if (held.result.status === 'REFUSED') return { wallet, outcome: null };
      const charge = applyCommand(held.wallet, command, now).wallet;
      const spent = budgets.filter(({ window }) => window.startsAt <= now && now < window.endsAt);
      const captured = { ...charge, counters: spent.reduce(countUnits, charge.counters) };
      charged = credits;
      return { wallet: captured, outcome: { balance: viewAt(captured, now).available, charged } };
    },
  });
};

const creditsIn = (lines: readonly ChargeLine[]): number => lines.reduce((sum, line) => sum + line.credits, 0);

/**
 * Gives back what an operation set aside, or what was captured of it, as if it had never run: `captured`, as far as that
 * came. Safe to repeat. Answers how many credits it was charged: 0 where they were only set aside.
 */
export const giveBack = (keeper: WalletKeeper, held: HeldOperation, captured: Capture | null): Promise<number> =>
  keeper.apply(held.accountId, giveBackTask(held, captured));

const giveBackTask = (held: HeldOperation, captured: Capture | null): WalletTask<readonly LedgerEntry[], number> => ({
  load: (store) => findHistory(store, held),
  decide: (wallet, now, history = []) => {
    const released = applyCommand(wallet, { kind: 'release', holdId: held.holdId }, now);
    if (released.result.status === 'APPLIED') return { wallet: released.wallet, outcome: 0 };
    const returned = captured === null ? wallet : returnCovered(wallet, held, captured, now);
    const refund = refundOf(returned, held, history, captured);
    if (refund === null) return { wallet: returned, outcome: 0 };
    return { wallet: applyCommand(returned, refund, now).wallet, outcome: refund.credits };
  },
});

/** The units that it took of limits and budgets. */
const returnCovered = (wallet: Wallet, held: HeldOperation, captured: Capture, now: Instant): Wallet => {
  const { used } = captured;
  const covered = (used?.lines ?? []).filter(({ coveredUnits }) => coveredUnits > 0);
  const lines = covered.map(({ coordinate, coveredUnits }) => ({
    ...NO_USAGE,
    coordinate,
    refundedUnits: coveredUnits,
  }));
  const command = {
    ...captureCommand(held, captured, undefined),
    kind: 'return',
    used: { day: used?.day ?? '', lines },
  } as const;
  return applyCommand(wallet, command, now).wallet;
};

/** The hold's entries and those that made the grants they name. */
export const findHistory = async (
  store: Store,
  { accountId, holdId }: Pick<HeldOperation, 'accountId' | 'holdId'>,
): Promise<readonly LedgerEntry[]> => {
  const entries = await store.findHoldEntries(accountId, holdId);
  const grantIds = new Set(entries.map((entry) => entry.grantId));
  const made = await store.findLedgerEntries(
    accountId,
    [...grantIds].map((id) => commandEntryId(id, 0)),
  );
  return [...entries, ...made.filter((entry) => entry !== null)];
};

const refundOf = (
  wallet: Wallet,
  held: HeldOperation,
  history: readonly LedgerEntry[],
  captured: Capture | null,
): RefundCommand | null => {
  const charges = [...history, ...wallet.journal].filter(
    (entry) => entry.holdId === held.holdId && entry.kind === 'CHARGE',
  );
  const credits = [...new Map(charges.map((entry) => [entry.id, -entry.credits])).values()];
  if (credits.length === 0) return null;
  return {
    kind: 'refund',
    id: `undelivered/${held.holdId}`,
    holdId: held.holdId,
    credits: credits.reduce((sum, each) => sum + each, 0),
    reason: 'Charged, but the response could not be delivered',
    history,
    ...(captured?.used === undefined ? {} : { day: captured.used.day }),
  };
};

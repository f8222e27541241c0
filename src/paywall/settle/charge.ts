/**
 * The end of an operation: what its response really delivers is captured, the rest released, in one atomic write. Where
 * that can't be confirmed nothing paid may be sent, and what was set aside or charged is given back in the background.
 */
import type { AccountId, HoldId } from '../../domain/ids.js';
import type { DeliveredUnits, KeyedOperation } from '../../domain/keyedOperation.js';
import { commandEntryId } from '../../domain/ledger.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { LimitUnits, Wallet } from '../../domain/wallet.js';
import { isSameLimit } from '../../domain/wallet.js';
import { applyCommand } from '../../domain/walletCommands.js';
import type { RefundCommand } from '../../domain/walletCredits.js';
import type { CaptureCommand } from '../../domain/walletHolds.js';
import type { WalletFault } from '../../domain/walletStep.js';
import type { ChargeLine } from '../../domain/walletMoves.js';
import { viewAt } from '../../domain/walletView.js';
import type { WalletKeeper, WalletTask } from '../../ledger/walletKeeper.js';
import type { Store } from '../../store/store.js';
import { creditsOf, limitUnitsOf } from '../gate/draw.js';
import type { Draw } from '../gate/draw.js';
import type { Engine } from '../engine.js';

/** One row a schema coordinate, however long the lists. */
export interface ChargedField {
  readonly coordinate: string;
  /** How many positions were delivered. */
  readonly positions: number;
  readonly credits: number;
  /** The plan that covered them; `null` where all were paid with credits. */
  readonly coveredBy: string | null;
}

/** `extensions.payment` of a served response. */
export interface PaymentSummary {
  readonly charged: number;
  /** Credits that can be spent afterwards. */
  readonly balance: number;
  readonly fields: readonly ChargedField[];
}

/** Sums delivered positions by coordinate, in the order in which their places first drew. */
export const chargedFields = (delivered: readonly Draw[]): readonly ChargedField[] => {
  const rows: Mutable<ChargedField>[] = [];
  let row: Mutable<ChargedField> | undefined;
  for (const draw of delivered) {
    const { coordinate } = draw.paid;
    // Draws come place by place, so that the row of the last one is mostly that of this one.
    if (row?.coordinate !== coordinate) row = rows.find((each) => each.coordinate === coordinate);
    if (row === undefined) rows.push((row = { coordinate, positions: 0, credits: 0, coveredBy: null }));
    row.positions += 1;
    row.credits += creditsOf(draw);
    if (draw.decision.outcome !== 'paid') row.coveredBy = draw.decision.planId;
  }
  return rows;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const unitsTaken = (delivered: readonly Draw[]): readonly LimitUnits[] => {
  const taken: LimitUnits[] = [];
  for (const draw of delivered) {
    const units = limitUnitsOf(draw);
    if (units === null) continue;
    const index = taken.findIndex((each) => isSameLimit(each, units));
    const known = taken[index];
    if (known === undefined) taken.push(units);
    else taken[index] = { ...known, units: known.units + units.units };
  }
  return taken;
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
export type Capture = Pick<CaptureCommand, 'lines' | 'units'>;

/** `fields`: the rows of what was delivered. */
export const captureOf = (delivered: readonly Draw[], fields: readonly ChargedField[]): Capture => ({
  lines: fields.filter((row) => row.credits > 0).map(({ coordinate, credits }) => ({ coordinate, credits })),
  units: unitsTaken(delivered),
});

/** What was charged or covered for the first time, in quoted units by coordinate. */
export const deliveredUnits = (delivered: readonly Draw[]): readonly DeliveredUnits[] => {
  const units = new Map<string, number>();
  for (const { paid, quotedUnits, isPrepaid } of delivered) {
    if (!isPrepaid) units.set(paid.coordinate, (units.get(paid.coordinate) ?? 0) + quotedUnits);
  }
  return [...units].map(([coordinate, sum]) => ({ coordinate, units: sum }));
};

/**
 * Captures what was delivered and gives the credits that can be spent then. Rejects with `NotCaptured` where the hold
 * is over, and with `StoreError` where the write could not be confirmed.
 */
export const capture = (keeper: WalletKeeper, held: HeldOperation, captured: Capture): Promise<number> => {
  let attempts = 0;
  return keeper.apply<readonly LedgerEntry[] | undefined, number>(held.accountId, {
    // Only a capture that comes again can be one that the wallet has forgotten.
    load: async (store) => (attempts++ === 0 ? undefined : store.findHoldEntries(held.accountId, held.holdId)),
    decide: (wallet, now, recorded) => {
      const applied = applyCommand(wallet, captureCommand(held, captured, recorded), now);
      if (applied.result.status === 'REFUSED') throw new NotCaptured(held.holdId, applied.result.fault);
      return { wallet: applied.wallet, outcome: viewAt(applied.wallet, now).available };
    },
  });
};

const captureCommand = (
  { holdId, operationName }: HeldOperation,
  { lines, units }: Capture,
  recorded: readonly LedgerEntry[] | undefined,
): CaptureCommand => ({
  kind: 'capture',
  holdId,
  lines,
  units,
  ...(operationName === null ? {} : { operation: operationName }),
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
    load: async (store) => (isFree ? [] : store.findHoldEntries(accountId, holdId)),
    decide: (wallet, now, recorded) => {
      if (isFree) return { wallet, outcome: { balance: viewAt(wallet, now).available, charged } };
      const applied = applyCommand(wallet, captureCommand(record, { lines, units }, recorded), now);
      if (applied.result.status === 'REFUSED') return { wallet, outcome: null };
      if (applied.wallet !== wallet) charged = creditsIn(lines);
      return { wallet: applied.wallet, outcome: { balance: viewAt(applied.wallet, now).available, charged } };
    },
  });
};

/**
 * Charges what a record says although its hold is over, by a hold of its own. What a plan covered then is not counted
 * now: the window of its limit may have passed. Answers like `captureRecorded`; `null`: the credits don't suffice.
 */
export const chargeRecorded = (engine: Engine, record: KeyedOperation, id: HoldId): Promise<ChargedNow | null> => {
  const { accountId, lines, operationName } = record;
  const credits = creditsIn(lines);
  let charged = 0;
  return engine.keeper.apply<readonly LedgerEntry[], ChargedNow | null>(accountId, {
    load: (store) => store.findHoldEntries(accountId, id),
    decide: (wallet, now, recorded) => {
      const command = captureCommand({ accountId, holdId: id, operationName }, { lines, units: [] }, recorded);
      const before = applyCommand(wallet, command, now);
      if (before.result.status === 'APPLIED') {
        return { wallet, outcome: { balance: viewAt(wallet, now).available, charged } };
      }
      const expiresAt = now + engine.settings.holdTtlMs;
      const held = applyCommand(wallet, { kind: 'hold', id, credits, units: [], expiresAt }, now);
      if (held.result.status === 'REFUSED') return { wallet, outcome: null };
      const captured = applyCommand(held.wallet, command, now).wallet;
      charged = credits;
      return { wallet: captured, outcome: { balance: viewAt(captured, now).available, charged } };
    },
  });
};

const creditsIn = (lines: readonly ChargeLine[]): number => lines.reduce((sum, line) => sum + line.credits, 0);

/**
 * Gives back what an operation set aside or was charged, as if it had never run. Safe to repeat. Answers how many
 * credits it was charged: 0 where they were only set aside.
 */
export const giveBack = (keeper: WalletKeeper, held: HeldOperation): Promise<number> =>
  keeper.apply(held.accountId, giveBackTask(held));

const giveBackTask = (held: HeldOperation): WalletTask<readonly LedgerEntry[], number> => ({
  load: (store) => findHistory(store, held),
  decide: (wallet, now, history = []) => {
    const released = applyCommand(wallet, { kind: 'release', holdId: held.holdId }, now);
    if (released.result.status === 'APPLIED') return { wallet: released.wallet, outcome: 0 };
    const refund = refundOf(wallet, held, history);
    if (refund === null) return { wallet, outcome: 0 };
    return { wallet: applyCommand(wallet, refund, now).wallet, outcome: refund.credits };
  },
});

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

const refundOf = (wallet: Wallet, held: HeldOperation, history: readonly LedgerEntry[]): RefundCommand | null => {
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
  };
};

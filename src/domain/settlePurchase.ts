/**
 * Brings the grant of a purchase to the credits that are due for it now. A payment, a refund, a dispute and its end are this
 * one command with another target; which of them came before does not matter, and the same target again changes nothing.
 */
import { addCredits, isCredits } from './credits.js';
import { fingerprint } from './fingerprint.js';
import type { GrantId } from './ids.js';
import { commandEntryId } from './ledger.js';
import type { LedgerEntry, Movement } from './ledger.js';
import { isInstant } from './period.js';
import type { Instant } from './period.js';
import { burnOrder, isExpired } from './wallet.js';
import type { Grant, Wallet } from './wallet.js';
import { enter, sumCredits } from './walletMoves.js';
import { changed, refused, repeated } from './walletStep.js';
import type { Step } from './walletStep.js';

export interface SettlePurchaseCommand {
  readonly kind: 'settlePurchase';
  readonly grantId: GrantId;
  /** The credits that are due. */
  readonly target: number;
  /** Of the grant that is made; one that was made keeps its own. */
  readonly expiresAt: Instant | null;
  readonly reason: string;
  /** What was entered for the grant before under `purchaseEntryId`, read after the wallet that this is applied to. */
  readonly recorded: readonly LedgerEntry[];
}

/** The id of the n-th entry that settling a purchase makes. The first is that of a grant of its name. */
export const purchaseEntryId = (grantId: GrantId, index: number): string => commandEntryId(grantId, index);

export const settlePurchase = (wallet: Wallet, command: SettlePurchaseCommand, now: Instant): Step => {
  const { target, expiresAt } = command;
  if (!isCredits(target)) return refused('AMOUNT_INVALID');
  if (expiresAt !== null && !isInstant(expiresAt)) return refused('DATES_OUT_OF_ORDER');
  const before = entriesBefore(wallet, command);
  const missing = target - sumCredits(before);
  const grant = grantOf(wallet, command, before[0], now);
  if (missing > 0) {
    // What has expired is over: it is not given anew.
    if (isExpired(grant, now)) return repeated(0, 0);
    if (addCredits(wallet.entrySum, missing) === null) return refused('BALANCE_TOO_LARGE');
    return changed(moveTo(wallet, command, grant, { index: before.length, credits: missing, at: now }), missing, 0);
  }
  const taken = isExpired(grant, now) ? 0 : Math.min(-missing, grant.remaining - grant.held);
  const shortfall = -missing - taken;
  if (taken === 0) return repeated(0, shortfall);
  const next = moveTo(wallet, command, grant, { index: before.length, credits: -taken, at: now });
  return changed(next, -taken, shortfall);
};

/** Each once, in their order: from the ledger, and from the journal what it lacks. */
const entriesBefore = (wallet: Wallet, { grantId, recorded }: SettlePurchaseCommand): readonly LedgerEntry[] => {
  const byId = new Map([...recorded, ...wallet.journal].map((entry) => [entry.id, entry]));
  const entries: LedgerEntry[] = [];
  for (let entry = byId.get(purchaseEntryId(grantId, 0)); entry !== undefined;) {
    entries.push(entry);
    entry = byId.get(purchaseEntryId(grantId, entries.length));
  }
  return entries;
};

/** The grant as it is, or as it was made and used up, or as it is to be. */
const grantOf = (
  { grants }: Wallet,
  { grantId: id, target, expiresAt }: SettlePurchaseCommand,
  made: LedgerEntry | undefined,
  now: Instant,
): Grant =>
  grants.find((each) => each.id === id) ?? {
    id,
    granted: made?.credits ?? target,
    remaining: 0,
    held: 0,
    grantedAt: made?.at ?? now,
    expiresAt: made === undefined ? expiresAt : (made.expiresAt ?? null),
    priority: 0,
    isRecorded: true,
    content: fingerprint('purchase', id),
  };

const moveTo = (
  wallet: Wallet,
  { grantId, reason }: SettlePurchaseCommand,
  grant: Grant,
  { index, credits, at }: { readonly index: number; readonly credits: number; readonly at: Instant },
): Wallet => {
  const { expiresAt, priority, content } = grant;
  // By what the first one says, the grant can be brought back after it was used up.
  const made = { ...(expiresAt === null ? {} : { expiresAt }), priority, content };
  const movement: Movement = {
    id: purchaseEntryId(grantId, index),
    at,
    kind: index === 0 ? 'GRANT' : 'ADJUST',
    credits,
    grantId,
    reason,
    ...(index === 0 ? made : {}),
  };
  const others = wallet.grants.filter(({ id }) => id !== grantId);
  const grants = [...others, { ...grant, remaining: grant.remaining + credits }].sort(burnOrder);
  return enter({ ...wallet, grants }, [movement]);
};

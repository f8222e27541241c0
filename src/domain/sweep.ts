/**
 * Lets time pass in a wallet: ends holds and grants that have expired, each at its own instant and in the order of
 * those instants. So the outcome is the same whether time is let pass often, seldom, or only when a command comes.
 */
import type { GrantId } from './ids.js';
import { expiryEntryId } from './ledger.js';
import type { Instant } from './period.js';
import { MEMORY_MS } from './wallet.js';
import type { Counter, EndedHold, Grant, Wallet } from './wallet.js';
import { endHold, enter } from './walletMoves.js';

/** The wallet as it is at `now`: nothing in it has expired. The same object where nothing had to change. */
export const sweep = (wallet: Wallet, now: Instant): Wallet => forget(expire(wallet, now), now);

const expire = (wallet: Wallet, now: Instant): Wallet => {
  const expiries = expiriesIn(wallet, now);
  if (expiries.length === 0) return wallet;
  const open = wallet.holds.filter((hold) => hold.expiresAt > now);
  // All due holds leave the list together: one by one, ten thousand of them would be looked through each time.
  const start = open.length === wallet.holds.length ? wallet : { ...wallet, holds: open };
  return expiries.reduce((before, expiry) => expiry.happen(before), start);
};

interface Expiry {
  readonly at: Instant;
  readonly happen: (wallet: Wallet) => Wallet;
}

/** In the order in which they happen; at one instant holds before grants, which may get credits back from them. */
const expiriesIn = (wallet: Wallet, now: Instant): readonly Expiry[] => {
  const expiries: Expiry[] = [];
  const end = { how: 'EXPIRED', lines: [], units: [], content: '' } as const;
  for (const hold of wallet.holds) {
    const at = hold.expiresAt;
    if (at <= now) expiries.push({ at, happen: (before) => endHold(before, hold, end, at) });
  }
  for (const { id, expiresAt: at } of wallet.grants) {
    if (at !== null && at <= now) expiries.push({ at, happen: (before) => expireGrant(before, id, at) });
  }
  return expiries.sort((a, b) => a.at - b.at);
};

/** What open holds have set aside of it stays theirs. */
const expireGrant = (wallet: Wallet, grantId: GrantId, at: Instant): Wallet => {
  const grant = wallet.grants.find((each) => each.id === grantId && each.remaining > each.held);
  if (grant === undefined) return wallet;
  const grants = wallet.grants.map((each) => (each === grant ? { ...grant, remaining: grant.held } : each));
  const id = expiryEntryId(grantId, wallet.entryCount + 1);
  const credits = grant.held - grant.remaining;
  return enter({ ...wallet, grants }, [{ id, at, kind: 'EXPIRE', credits, grantId }]);
};

/** Drops what need not be remembered any more: it has no credits, and no command that is about it can still come. */
const forget = (wallet: Wallet, now: Instant): Wallet => {
  const { grants, counters, ended } = wallet;
  const isKept = (grant: Grant) => grant.remaining > 0 || isRemembered(grant, now);
  const isCounting = ({ window }: Counter) => window.endsAt + MEMORY_MS > now;
  const isRecent = ({ endedAt }: EndedHold) => endedAt + MEMORY_MS > now;
  // Mostly there is nothing to drop, and this is asked for each operation.
  if (grants.every(isKept) && counters.every(isCounting) && ended.every(isRecent)) return wallet;
  const left = { grants: grants.filter(isKept), counters: counters.filter(isCounting), ended: ended.filter(isRecent) };
  return { ...wallet, ...left };
};

/** Whether the id of a spent grant must stay known. One that never expires would stay for ever: the ledger has it. */
const isRemembered = ({ expiresAt, isRecorded }: Grant, now: Instant): boolean =>
  !isRecorded && expiresAt !== null && expiresAt + MEMORY_MS > now;

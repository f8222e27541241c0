/**
 * Lets time pass in a wallet: ends holds and grants that have expired, each at its own instant and in the order of
 * those instants. So the outcome is the same whether time is let pass often, seldom, or only when a command comes.
 */
import { expiryEntryId } from './ledger.js';
import type { Instant } from './period.js';
import { ENDED_HOLD_TTL_MS, isExpired } from './wallet.js';
import type { Grant, Hold, Wallet } from './wallet.js';
import { endHold, enter } from './walletMoves.js';

/** The wallet as it is at `now`: nothing in it has expired. The same object where nothing had to change. */
export const sweep = (wallet: Wallet, now: Instant): Wallet => {
  let swept = wallet;
  for (;;) {
    const hold = earliest(swept.holds, now);
    const grant = earliest(
      swept.grants.filter((each) => each.remaining > each.held),
      now,
    );
    if (hold !== undefined && (grant === undefined || hold.expiresAt <= (grant.expiresAt ?? now))) {
      swept = expireHold(swept, hold);
    } else if (grant !== undefined) {
      swept = expireGrant(swept, grant);
    } else {
      return forget(swept, now);
    }
  }
};

const earliest = <Item extends Hold | Grant>(items: readonly Item[], now: Instant): Item | undefined => {
  let first: Item | undefined;
  for (const item of items) {
    const isDue = item.expiresAt !== null && item.expiresAt <= now;
    if (isDue && (first === undefined || isBefore(item, first))) first = item;
  }
  return first;
};

const isBefore = (a: Hold | Grant, b: Hold | Grant): boolean => {
  const [atA, atB] = [Number(a.expiresAt), Number(b.expiresAt)];
  return atA < atB || (atA === atB && a.id < b.id);
};

const expireHold = (wallet: Wallet, hold: Hold): Wallet =>
  endHold(wallet, hold, { how: 'EXPIRED', lines: [], units: [], content: '' }, hold.expiresAt);

const expireGrant = (wallet: Wallet, grant: Grant): Wallet => {
  const lost = grant.remaining - grant.held;
  const grants = wallet.grants.map((each) => (each === grant ? { ...grant, remaining: grant.held } : each));
  return enter({ ...wallet, grants }, [
    { id: expiryEntryId(grant.id), at: grant.expiresAt ?? 0, kind: 'EXPIRE', credits: -lost, grantId: grant.id },
  ]);
};

/** Drops what no longer matters. Nothing of it can be observed: it has no credits, or its window or memory is over. */
const forget = (wallet: Wallet, now: Instant): Wallet => {
  const grants = wallet.grants.filter(
    (grant) => !(grant.remaining === 0 && (grant.expiresAt === null || isExpired(grant, now))),
  );
  const counters = wallet.counters.filter(({ window }) => window.endsAt > now);
  const ended = wallet.ended.filter(({ endedAt }) => endedAt + ENDED_HOLD_TTL_MS > now);
  const isSame =
    grants.length === wallet.grants.length &&
    counters.length === wallet.counters.length &&
    ended.length === wallet.ended.length;
  return isSame ? wallet : { ...wallet, grants, counters, ended };
};

/** Credits that end before their time: those of a trial that is over early, and of a period that was ended with them. */
import type { Instant } from './period.js';
import { burnOrder, isExpired } from './wallet.js';
import type { Grant, Wallet } from './wallet.js';
import { sweep } from './sweep.js';

/**
 * The wallet without what is left of the grants of a period: those whose id is this one or begins with it and a slash. What
 * operations have set aside stays theirs, and is gone where it comes back. The same object where nothing is left.
 */
export const endGrants = (wallet: Wallet, ofPeriod: string, now: Instant): Wallet => {
  const isLeft = (grant: Grant) =>
    (grant.id === ofPeriod || grant.id.startsWith(`${ofPeriod}/`)) && grant.remaining > 0 && !isExpired(grant, now);
  if (!wallet.grants.some(isLeft)) return wallet;
  const grants = wallet.grants.map((grant) => (isLeft(grant) ? { ...grant, expiresAt: now } : grant));
  return sweep({ ...wallet, grants: grants.sort(burnOrder) }, now);
};

/** What a wallet has at an instant, whether or not time has been let pass in it. */
import type { Instant } from './period.js';
import type { Counter, Grant, Hold, Wallet } from './wallet.js';
import { sweep } from './sweep.js';

export interface WalletView {
  /** What can be spent. */
  readonly available: number;
  /** What open operations have set aside. */
  readonly held: number;
  /** Those with credits left, in burn order. */
  readonly grants: readonly Grant[];
  /** Those of windows that are not over. */
  readonly counters: readonly Counter[];
  /** Of operations under way. */
  readonly holds: readonly Hold[];
}

export const viewAt = (wallet: Wallet, now: Instant): WalletView => {
  const { grants, counters, holds } = sweep(wallet, now);
  const live: Grant[] = [];
  let [available, held] = [0, 0];
  for (const grant of grants) {
    available += grant.remaining - grant.held;
    held += grant.held;
    if (grant.remaining > 0) live.push(grant);
  }
  return { available, held, grants: live, counters: counters.filter(({ window }) => window.endsAt > now), holds };
};

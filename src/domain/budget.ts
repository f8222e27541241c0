/**
 * What one key may spend of its account's credits in a time. It is counted in the wallet as the limits of plans are, so that
 * it is set aside, captured and exact like them, on however many servers the key is used.
 */
import type { Instant, LimitPer } from './period.js';
import { windowAt } from './timeZone.js';
import type { TimeZone } from './timeZone.js';
import type { LimitClaim } from './wallet.js';

export type BudgetPer = Exclude<LimitPer, 'BILLING_PERIOD'>;

export interface Budget {
  readonly credits: number;
  readonly per: BudgetPer;
}

/** `countedAs` names the counter. A key that replaces another one goes on with its counter. */
export interface KeyBudget extends Budget {
  readonly countedAs: string;
}

const PREFIX = 'budget/';

/** Names of limits end in `:DAY` and the like: none is taken for the name of a budget. */
export const isOfBudget = ({ key }: Pick<LimitClaim, 'key'>): boolean => key.startsWith(PREFIX) && !key.includes(':');

/** So many credits of a budget, in the window that `now` lies in. */
export const budgetClaim = (
  { credits: limit, per, countedAs }: KeyBudget,
  credits: number,
  timeZone: TimeZone,
  now: Instant,
): LimitClaim => ({
  key: `${PREFIX}${encodeURIComponent(countedAs)}`,
  window: windowAt(per, timeZone, now),
  units: credits,
  limit,
});

/** Usage as both APIs answer it: what was asked is checked, and what this process has gathered is in it. */
import { GraphQLError } from 'graphql';
import type { AccountId } from '../domain/ids.js';
import { DAY_MS } from '../domain/period.js';
import type { UsageDimension, UsageSum } from '../domain/usage.js';
import type { Bank } from '../accounts/bank.js';

const DAYS_MAX = 366;
const SUMS_MAX = 1_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export interface UsageArguments {
  readonly from: string;
  readonly to: string;
  readonly by: readonly UsageDimension[];
}

export const findUsage = async (
  { store, usage }: Pick<Bank, 'store' | 'usage'>,
  accountId: AccountId | null,
  { from, to, by }: UsageArguments,
): Promise<readonly UsageSum[]> => {
  const days = (instantOf('to', to) - instantOf('from', from)) / DAY_MS + 1;
  if (days > DAYS_MAX) throw badInput('to', `must be at most ${DAYS_MAX} days from the first one on.`);
  if (accountId === null || days < 1) return [];
  await usage.flush();
  const sums = await store.sumUsage(accountId, { from, to, by, first: SUMS_MAX + 1 });
  if (sums.length <= SUMS_MAX) return sums;
  throw badInput('by', `comes to more than ${SUMS_MAX} sums. Ask for fewer days, or sum by less.`);
};

const instantOf = (argument: string, day: string): number => {
  const at = DAY.test(day) ? Date.parse(day) : Number.NaN;
  // A day that a month does not have becomes one of the next month.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(day)) {
    throw badInput(argument, 'must be a day, as in 2025-01-16.');
  }
  return at;
};

const badInput = (argument: string, fault: string): GraphQLError =>
  new GraphQLError(`The argument "${argument}" ${fault}`, { extensions: { code: 'BAD_USER_INPUT', argument } });

/** What is checked of arguments before anything is looked up, and how plans come in. */
import { isCredits } from '../domain/credits.js';
import type { Instant } from '../domain/period.js';
import type { Allowance, Limit } from '../domain/plan.js';
import type { PlanContent } from '../domain/planEdit.js';
import type { PlanFeatureInput, PlanInput } from '../generated/adminTypes.js';
import { OperatorError } from './operator.js';

const TEXT_LENGTH_MAX = 1_000;
const KEY_LENGTH_MAX = 255;
const SURROGATE = /\p{Surrogate}/u;
const ID = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/;

export const badInput = (argument: string, fault: string): OperatorError =>
  new OperatorError('BAD_USER_INPUT', `The argument "${argument}" ${fault}`, argument);

/** Of every mutation: its key, and that each text is Unicode text of some length, which stores can keep as it is. */
export const checkTexts = (args: Readonly<Record<string, unknown>>): void => {
  const { idempotencyKey } = args;
  const isKey = typeof idempotencyKey === 'string' && idempotencyKey !== '' && idempotencyKey.length <= KEY_LENGTH_MAX;
  if (!isKey) throw badInput('idempotencyKey', `must have 1 to ${KEY_LENGTH_MAX} characters.`);
  checkEach(args, '');
};

const checkEach = (value: unknown, path: string): void => {
  if (typeof value === 'string') {
    if (value.length > TEXT_LENGTH_MAX) throw badInput(path, `must have at most ${TEXT_LENGTH_MAX} characters.`);
    if (SURROGATE.test(value)) throw badInput(path, 'must be Unicode text, without half a surrogate pair.');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) checkEach(each, path === '' ? name : `${path}.${name}`);
};

/** Ids of accounts that operators choose: what can stand in a URL, a command line and a log without quoting. */
export const checkId = (argument: string, id: string): void => {
  if (!ID.test(id))
    throw badInput(argument, 'must be letters, digits and . _ @ : -, at most 128, a letter or digit first.');
};

export const checkName = (argument: string, name: string): void => {
  if (name.trim() === '') throw badInput(argument, 'must not be empty.');
};

/** A date that must not be over. */
export const futureOf = (argument: string, date: Date, now: Instant): Instant => {
  const at = date.getTime();
  if (at < now) throw badInput(argument, 'must not be in the past.');
  return at;
};

export const planContentOf = (plan: PlanInput): PlanContent => ({
  name: plan.name,
  price: { amountMinor: plan.amountMinor, currency: plan.currency },
  interval: plan.interval,
  features: plan.features.map(allowanceOf),
  creditsPerPeriod: plan.creditsPerPeriod ?? 0,
  trialDays: plan.trialDays ?? 0,
  graceDays: plan.graceDays ?? 0,
  requestsPerMinute: plan.requestsPerMinute ?? null,
});

const allowanceOf = ({ feature, limit, per, whenExhausted }: PlanFeatureInput, index: number): Allowance => ({
  feature,
  limit: limitOf(limit ?? null, per ?? null, `plan.features.${index}`),
  whenExhausted: whenExhausted ?? 'REFUSE',
});

const limitOf = (units: number | null, per: Limit['per'] | null, path: string): Limit | null => {
  if (units === null && per === null) return null;
  if (units === null || !isCredits(units)) throw badInput(`${path}.limit`, 'must be a whole number, not negative.');
  if (per === null) throw badInput(`${path}.per`, 'is needed with a limit.');
  return { units, per };
};

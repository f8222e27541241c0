/** What is checked of arguments before anything is looked up, and how plans come in. */
import { isCredits } from '../domain/credits.js';
import type { OfferFault } from '../domain/offerFaults.js';
import type { Instant, Interval } from '../domain/period.js';
import type { Allowance, CreditsPer, Limit, WhenExhausted } from '../domain/plan.js';
import { isTimeZone } from '../domain/timeZone.js';
import type { PlanContent } from '../domain/stepPlan.js';
import { badInput, OperatorError } from './operatorError.js';

const TEXT_LENGTH_MAX = 1_000;
const KEY_LENGTH_MAX = 255;
const SURROGATE = /\p{Surrogate}/u;
const ID = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/;

/** Of every act: its key, and that each text is Unicode text of some length, which stores can keep as it is. */
export const checkTexts = (args: Readonly<Record<string, unknown>>, key: string | null): void => {
  if (key === '' || (key !== null && key.length > KEY_LENGTH_MAX)) {
    throw badInput('idempotencyKey', `must have 1 to ${KEY_LENGTH_MAX} characters.`);
  }
  checkEach({ ...args, idempotencyKey: key }, '');
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

export const checkTimeZone = (argument: string, name: string): void => {
  if (!isTimeZone(name)) throw badInput(argument, 'must be the name of a zone in the IANA database, as Europe/Berlin.');
};

export const checkName = (argument: string, name: string): void => {
  if (name.trim() === '') throw badInput(argument, 'must not be empty.');
};

/** A date that must not be over. */
export const checkFuture = (argument: string, at: Instant | null, now: Instant): void => {
  if (at !== null && at < now) throw badInput(argument, 'must not be in the past.');
};

/** An instant as the audit log repeats it. */
export const inIso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString());

/** What a plan offers, as it is written down. */
export interface PlanTerms {
  readonly name: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly interval: Interval;
  readonly features: readonly FeatureTerms[];
  readonly creditsPerPeriod?: number | null | undefined;
  readonly creditsPer?: CreditsPer | null | undefined;
  readonly trialDays?: number | null | undefined;
  readonly graceDays?: number | null | undefined;
  readonly requestsPerMinute?: number | null | undefined;
}

export interface FeatureTerms {
  readonly feature: string;
  readonly limit?: number | null | undefined;
  readonly per?: Limit['per'] | null | undefined;
  readonly whenExhausted?: WhenExhausted | null | undefined;
}

export const planContentOf = (plan: PlanTerms): PlanContent => ({
  name: plan.name,
  price: { amountMinor: plan.amountMinor, currency: plan.currency },
  interval: plan.interval,
  features: plan.features.map(allowanceOf),
  creditsPerPeriod: plan.creditsPerPeriod ?? 0,
  creditsPer: plan.creditsPer ?? 'BILLING_PERIOD',
  trialDays: plan.trialDays ?? 0,
  graceDays: plan.graceDays ?? 0,
  requestsPerMinute: plan.requestsPerMinute ?? null,
});

const allowanceOf = ({ feature, limit, per, whenExhausted }: FeatureTerms, index: number): Allowance => ({
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

const SCOPES_MAX = 100;

/** What a key may ask for; `null`: everything. */
export const checkScopes = (scopes: readonly string[] | null): readonly string[] | null => {
  if (scopes === null) return null;
  if (scopes.length > SCOPES_MAX || scopes.some((scope) => scope.trim() === '')) {
    throw badInput('scopes', `must be at most ${SCOPES_MAX} names of features or of fields, as in "Query.report".`);
  }
  return [...new Set(scopes)];
};

/** Faults name the parts of an offer; the arguments of its verbs have most of them in `plan` or `pack`. */
export const unsoundOffer = (what: 'plan' | 'pack', { argument: part, message }: OfferFault): OperatorError => {
  const argument = part === 'id' ? `${what}Id` : `${what}.${part.replace(/^price\./, '')}`;
  return new OperatorError('BAD_USER_INPUT', message, argument);
};

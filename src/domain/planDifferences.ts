/** What another version of a plan would change for those who are subscribed to this one. */
import { decide } from './admission.js';
import { withMeans } from './demand.js';
import type { Means, Requirement, Standing } from './admission.js';
import type { Instant } from './period.js';
import type { Allowance, Plan } from './plan.js';
import type { RefusalReason } from './refusal.js';

export type PlanAspect = 'FEATURE' | 'LIMIT' | 'WHEN_EXHAUSTED' | 'CREDITS_PER_PERIOD' | 'REQUESTS_PER_MINUTE';

/** One thing that is not the same, in words. `null`: it is not there. */
export interface PlanDifference {
  readonly aspect: PlanAspect;
  readonly feature: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly effect: 'GAIN' | 'LOSS';
}

/** What a move does to a subscription: who loses anything loses, whatever else is gained. */
export type PlanEffect = 'STAY' | 'GAIN' | 'LOSE';

export const planDifferences = (before: Plan, after: Plan): readonly PlanDifference[] => {
  const features = new Set([...before.features, ...after.features].map(({ feature }) => feature));
  const of = (plan: Plan, feature: string) => plan.features.find((each) => each.feature === feature);
  return [
    ...[...features].flatMap((feature) => featureDifferences(feature, of(before, feature), of(after, feature))),
    ...numberDifference('CREDITS_PER_PERIOD', before.creditsPerPeriod, after.creditsPerPeriod),
    ...numberDifference('REQUESTS_PER_MINUTE', before.requestsPerMinute, after.requestsPerMinute),
  ];
};

export const effectOf = (differences: readonly PlanDifference[]): PlanEffect => {
  if (differences.some(({ effect }) => effect === 'LOSS')) return 'LOSE';
  return differences.length === 0 ? 'STAY' : 'GAIN';
};

const featureDifferences = (
  feature: string,
  before: Allowance | undefined,
  after: Allowance | undefined,
): readonly PlanDifference[] => {
  if (before === undefined || after === undefined) {
    const effect = after === undefined ? 'LOSS' : 'GAIN';
    const words = (each: Allowance | undefined) => (each === undefined ? null : limitInWords(each));
    return [{ aspect: 'FEATURE', feature, before: words(before), after: words(after), effect }];
  }
  const differences: PlanDifference[] = [];
  if (limitInWords(before) !== limitInWords(after)) {
    const effect = isMore(before, after) ? 'GAIN' : 'LOSS';
    differences.push({ aspect: 'LIMIT', feature, before: limitInWords(before), after: limitInWords(after), effect });
  }
  const isLimited = before.limit !== null && after.limit !== null;
  if (isLimited && before.whenExhausted !== after.whenExhausted) {
    const effect = after.whenExhausted === 'CREDITS' ? 'GAIN' : 'LOSS';
    const [was, is] = [before.whenExhausted, after.whenExhausted];
    differences.push({ aspect: 'WHEN_EXHAUSTED', feature, before: was, after: is, effect });
  }
  return differences;
};

const limitInWords = ({ limit }: Allowance): string =>
  limit === null ? 'unlimited' : `${limit.units} per ${limit.per}`;

/** Limits of other windows can't be compared: such a change counts as a loss, so that somebody looks at it. */
const isMore = (before: Allowance, after: Allowance): boolean => {
  if (after.limit === null) return true;
  return before.limit !== null && before.limit.per === after.limit.per && after.limit.units > before.limit.units;
};

const numberDifference = (
  aspect: PlanAspect,
  before: number | null,
  after: number | null,
): readonly PlanDifference[] => {
  if (before === after) return [];
  const effect = (after ?? Infinity) > (before ?? Infinity) ? 'GAIN' : 'LOSS';
  const words = (each: number | null) => (each === null ? 'unlimited' : String(each));
  return [{ aspect, feature: null, before: words(before), after: words(after), effect }];
};

/** A paid field that a plan covers and another would not. */
export interface LostField {
  readonly coordinate: string;
  readonly feature: string | null;
  /** Why it would be refused; `null`: it would cost credits. */
  readonly reason: RefusalReason | null;
}

/** What an account could no longer do under another plan, decided as for one unit of each paid field. */
export const fieldsLost = (
  fields: readonly Requirement[],
  standing: Standing & { readonly means: Means },
  next: Plan,
  now: Instant,
): readonly LostField[] => {
  const after = withMeans(standing, { ...standing.means, plan: next });
  return fields.flatMap((field) => {
    if (decide(field, 1, standing, now).outcome !== 'covered') return [];
    const decision = decide(field, 1, after, now);
    if (decision.outcome === 'covered') return [];
    const reason = decision.outcome === 'refused' ? decision.refusal.reason : null;
    return [{ coordinate: field.coordinate, feature: field.feature, reason }];
  });
};

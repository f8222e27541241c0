/** What whoever was refused can buy or change to be served, out of what is on sale. */
import type { PlanId } from './ids.js';
import type { Pack } from './offer.js';
import { allowanceFor } from './plan.js';
import type { Plan } from './plan.js';
import type { RefusalReason } from './refusal.js';
import { isCovering } from './subscription.js';
import type { Subscription, SubscriptionState } from './subscription.js';

/** One place that is refused now. */
export interface RefusedNow {
  readonly reason: RefusalReason;
  readonly feature: string | null;
  /** Plans on offer that would cover it, the cheapest first. */
  readonly plans: readonly PlanId[];
}

export interface RemedyTerms {
  /** As in `stripe`. */
  readonly provider: string;
  readonly subscription: Subscription | null;
  readonly state: SubscriptionState | null;
  /** That the subscription is to; `null`: none, or one that nobody knows of. */
  readonly plan: Plan | null;
  readonly offers: readonly Plan[];
  readonly packs: readonly Pack[];
  /** Credits that are missing at least. */
  readonly shortfall: number;
}

export type RemedyOption =
  /** `suffices`: it has as many credits as are missing. */
  | { readonly kind: 'PACK'; readonly pack: Pack; readonly suffices: boolean }
  | { readonly kind: 'SUBSCRIBE'; readonly plan: Plan }
  | { readonly kind: 'CHANGE_PLAN'; readonly plan: Plan }
  | { readonly kind: 'UPDATE_PAYMENT_METHOD' };

/** By which an option is asked for. */
export const remedyOptionId = (option: RemedyOption): string => {
  switch (option.kind) {
    case 'PACK':
      return `PACK/${option.pack.id}`;
    case 'SUBSCRIBE':
    case 'CHANGE_PLAN':
      return `${option.kind}/${option.plan.id}`;
    case 'UPDATE_PAYMENT_METHOD':
      return option.kind;
  }
};

/** Each once, in the order of what is refused; empty where nothing that is for sale helps. */
export const remedyOptions = (refused: readonly RefusedNow[], terms: RemedyTerms): readonly RemedyOption[] => {
  const options = new Map<string, RemedyOption>();
  for (const option of refused.flatMap((each) => optionsFor(each, terms))) {
    const id = remedyOptionId(option);
    if (!options.has(id)) options.set(id, option);
  }
  return [...options.values()];
};

const optionsFor = (refused: RefusedNow, terms: RemedyTerms): readonly RemedyOption[] => {
  const { subscription, plan, provider } = terms;
  const toCover = plansFor(refused.plans, terms);
  switch (refused.reason) {
    case 'PAYMENT_METHOD_EXPIRED':
    case 'PAYMENT_FAILED':
      // What nobody charges by itself is agreed on anew.
      return subscription?.keptBy?.provider === provider ? [{ kind: 'UPDATE_PAYMENT_METHOD' }] : again(terms, toCover);
    case 'SUBSCRIPTION_EXPIRED':
      return again(terms, toCover);
    case 'LIMIT_REACHED':
      return plan !== null && allowanceFor(plan, refused.feature)?.whenExhausted === 'CREDITS'
        ? [...packsFor(terms), ...toCover]
        : toCover;
    case 'INSUFFICIENT_FUNDS':
      return [...packsFor(terms), ...toCover];
    case 'PLAN_UPGRADE_REQUIRED':
    case 'SUBSCRIPTION_REQUIRED':
      return toCover;
    // Paying helps none of these: a budget is for whoever issued the key to raise.
    case 'KEY_BUDGET_REACHED':
    case 'KEY_REQUIRED':
    case 'KEY_UNKNOWN':
    case 'KEY_EXPIRED':
    case 'KEY_REVOKED':
    case 'ACCOUNT_SUSPENDED':
    case 'SCOPE_MISSING':
    case 'RATE_LIMITED':
    case 'STORE_UNAVAILABLE':
      return [];
  }
};

/** A subscription that runs at the provider is changed there; beside any other one, or none, one begins. */
const plansFor = (ids: readonly PlanId[], terms: RemedyTerms): readonly RemedyOption[] => {
  const { subscription, state, provider, offers } = terms;
  const isChanged = subscription?.keptBy?.provider === provider && state !== null && isCovering(state);
  return ids
    .filter((id) => !isChanged || id !== subscription.planId)
    .flatMap((id) => offers.filter((plan) => plan.id === id))
    .map((plan) => ({ kind: isChanged ? 'CHANGE_PLAN' : 'SUBSCRIBE', plan }));
};

/** The plan that they had, then the others. */
const again = ({ subscription, offers }: RemedyTerms, others: readonly RemedyOption[]): readonly RemedyOption[] => [
  ...offers.filter(({ id }) => id === subscription?.planId).map((plan): RemedyOption => ({ kind: 'SUBSCRIBE', plan })),
  ...others,
];

/** The smallest that suffices first; what does not suffice alone comes last, and says so. */
const packsFor = ({ packs, shortfall }: RemedyTerms): readonly RemedyOption[] =>
  packs
    .map((pack) => ({ kind: 'PACK' as const, pack, suffices: pack.credits >= shortfall }))
    .sort((a, b) => Number(b.suffices) - Number(a.suffices) || a.pack.credits - b.pack.credits);

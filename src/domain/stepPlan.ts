/**
 * What becomes of a plan: each step writes its next version and leaves those before it as they are. So two who edit the
 * same version at the same time want to write the same next one, and only one of them can.
 */
import type { PlanId } from './ids.js';
import type { OfferFault } from './offerFaults.js';
import { planFaults } from './plan.js';
import type { Plan } from './plan.js';

/** What an operator decides about; id, version and status come of what is done with it. */
export type PlanContent = Omit<Plan, 'id' | 'version' | 'status'>;

export type PlanStep =
  /** A new plan, or a draft for the next version of one that is published. */
  | { readonly kind: 'DRAFT'; readonly id: PlanId; readonly content: PlanContent }
  | { readonly kind: 'UPDATE_DRAFT'; readonly base: number; readonly content: PlanContent }
  | { readonly kind: 'PUBLISH'; readonly base: number }
  /** A new version on sale at once. */
  | { readonly kind: 'EDIT'; readonly base: number; readonly content: PlanContent }
  /** Off sale. Subscriptions keep their versions. */
  | { readonly kind: 'ARCHIVE'; readonly base: number };

export type PlanStepFault =
  | 'UNKNOWN_PLAN'
  /** Another version came after the one that the step is based on. */
  | 'STALE'
  /** It waits to be published or changed, and nothing else can be done before. */
  | 'DRAFT_OPEN'
  | 'NO_DRAFT'
  | 'ALREADY_ARCHIVED';

export type PlanStepped =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly fault: PlanStepFault }
  | { readonly ok: false; readonly fault: 'UNSOUND'; readonly faults: readonly [OfferFault, ...OfferFault[]] };

/** Of all versions of one plan or pack, the last that was written. */
export const newestOf = <Offered extends { readonly version: number }>(versions: readonly Offered[]): Offered | null =>
  versions.reduce<Offered | null>(
    (newest, each) => (newest === null || newest.version < each.version ? each : newest),
    null,
  );

/** The last version that is or was on sale. */
export const publishedOf = (versions: readonly Plan[]): Plan | null =>
  newestOf(versions.filter(({ status }) => status !== 'DRAFT'));

/** `versions` are all of the one plan that the step is about. */
export const stepPlan = (versions: readonly Plan[], step: PlanStep): PlanStepped => {
  const newest = newestOf(versions);
  if (step.kind === 'DRAFT') {
    if (newest?.status === 'DRAFT') return { ok: false, fault: 'DRAFT_OPEN' };
    return sound({ ...step.content, id: step.id, version: (newest?.version ?? 0) + 1, status: 'DRAFT' });
  }
  if (newest === null) return { ok: false, fault: 'UNKNOWN_PLAN' };
  if (newest.version !== step.base) return { ok: false, fault: 'STALE' };
  return stepNewest(newest, publishedOf(versions), step);
};

const stepNewest = (newest: Plan, published: Plan | null, step: Exclude<PlanStep, { kind: 'DRAFT' }>): PlanStepped => {
  const { id } = newest;
  const version = newest.version + 1;
  const isDraft = newest.status === 'DRAFT';
  switch (step.kind) {
    case 'UPDATE_DRAFT':
      return isDraft ? sound({ ...step.content, id, version, status: 'DRAFT' }) : { ok: false, fault: 'NO_DRAFT' };
    case 'PUBLISH':
      return isDraft ? sound({ ...newest, version, status: 'ACTIVE' }) : { ok: false, fault: 'NO_DRAFT' };
    case 'EDIT':
      return isDraft ? { ok: false, fault: 'DRAFT_OPEN' } : sound({ ...step.content, id, version, status: 'ACTIVE' });
    case 'ARCHIVE':
      return newest.status === 'ARCHIVED'
        ? { ok: false, fault: 'ALREADY_ARCHIVED' }
        : sound({ ...(published ?? newest), version, status: 'ARCHIVED' });
  }
};

const sound = (plan: Plan): PlanStepped => {
  const [first, ...rest] = planFaults(plan);
  return first === undefined ? { ok: true, plan } : { ok: false, fault: 'UNSOUND', faults: [first, ...rest] };
};

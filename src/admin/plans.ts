/** Plans: each verb writes the next version, and one who was too late gets `CONFLICT`. */
import { planId } from '../domain/ids.js';
import type { AccountId } from '../domain/ids.js';
import { planFaults } from '../domain/plan.js';
import type { Plan } from '../domain/plan.js';
import { newestOf, stepPlan } from '../domain/stepPlan.js';
import type { PlanStep, PlanStepFault } from '../domain/stepPlan.js';
import { effectiveAt } from '../domain/subscription.js';
import type { Acting } from './acting.js';
import { carryOut, carryOutWrites } from './carryOut.js';
import { planContentOf, unsoundOffer } from './checkInput.js';
import type { PlanTerms } from './checkInput.js';
import { loadVersions } from './loadCurrent.js';
import { badInput, OperatorError } from './operatorError.js';
import type { OperatorErrorCode } from './operatorError.js';
import { areSaved, subscriptionsIn } from './writeAll.js';

const FAULTS: Readonly<Record<PlanStepFault, readonly [code: OperatorErrorCode, message: string, argument: string]>> = {
  UNKNOWN_PLAN: ['NOT_FOUND', 'There is no such plan.', 'planId'],
  STALE: ['CONFLICT', 'This is not the plan’s newest version. Look at that one first.', 'version'],
  DRAFT_OPEN: ['CONFLICT', 'This plan has a draft that is not published. Publish, change or archive it.', 'planId'],
  NO_DRAFT: ['CONFLICT', 'This plan has no draft.', 'planId'],
  ALREADY_ARCHIVED: ['CONFLICT', 'This plan is archived.', 'planId'],
};

export interface PlanAnswer {
  readonly plan: Plan;
}

interface PlanNamed {
  readonly planId: string;
}

interface VersionNamed extends PlanNamed {
  /** The version that this is based on: the newest. */
  readonly version: number;
}

interface PlanWritten {
  readonly plan: PlanTerms;
}

export const createPlanDraft = (
  acting: Acting,
  args: PlanNamed & PlanWritten,
  key: string | null,
): Promise<PlanAnswer> =>
  stepTo(acting, key, 'createPlanDraft', args, () => ({
    kind: 'DRAFT',
    id: planId(args.planId),
    content: planContentOf(args.plan),
  }));

export const updatePlanDraft = (
  acting: Acting,
  args: VersionNamed & PlanWritten,
  key: string | null,
): Promise<PlanAnswer> =>
  stepTo(acting, key, 'updatePlanDraft', args, () => ({
    kind: 'UPDATE_DRAFT',
    base: args.version,
    content: planContentOf(args.plan),
  }));

export const publishPlan = (acting: Acting, args: VersionNamed, key: string | null): Promise<PlanAnswer> =>
  stepTo(acting, key, 'publishPlan', args, () => ({ kind: 'PUBLISH', base: args.version }));

export const editPlan = (acting: Acting, args: VersionNamed & PlanWritten, key: string | null): Promise<PlanAnswer> =>
  stepTo(acting, key, 'editPlan', args, () => ({
    kind: 'EDIT',
    base: args.version,
    content: planContentOf(args.plan),
  }));

export const archivePlan = (acting: Acting, args: VersionNamed, key: string | null): Promise<PlanAnswer> =>
  stepTo(acting, key, 'archivePlan', args, () => ({ kind: 'ARCHIVE', base: args.version }));

const stepTo = (
  acting: Acting,
  key: string | null,
  verb: string,
  args: PlanNamed,
  stepOf: () => PlanStep,
): Promise<PlanAnswer> =>
  carryOutWrites(acting, key, {
    verb,
    role: 'ADMIN',
    args: { ...args },
    decide: async () => {
      const step = stepOf();
      const versions = await loadVersions(acting.bank, args.planId);
      const stepped = stepPlan(versions, step);
      if (!stepped.ok) {
        throw stepped.fault === 'UNSOUND'
          ? unsoundOffer('plan', stepped.faults[0])
          : new OperatorError(...FAULTS[stepped.fault]);
      }
      return decisionOn(newestOf(versions), stepped.plan);
    },
  });

const decisionOn = (before: Plan | null, plan: Plan) => {
  const [, message, argument] = FAULTS.STALE;
  return {
    writes: [{ kind: 'plan' as const, record: plan, lost: { message, argument } }],
    change: { target: `plan/${plan.id}`, before, after: plan },
    answer: { plan },
  };
};

/** Writes a version as it is given: for plans that are kept elsewhere. The same one again changes nothing. */
export const writePlanVersion = (acting: Acting, plan: Plan, key: string | null): Promise<PlanAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'publishPlan',
    role: 'ADMIN',
    args: { planId: plan.id, version: plan.version },
    decide: async () => {
      const [fault] = planFaults(plan);
      if (fault !== undefined) {
        throw new OperatorError('BAD_USER_INPUT', fault.message, fault.argument);
      }
      const versions = await loadVersions(acting.bank, plan.id);
      const message = `Version ${plan.version} of plan "${plan.id}" is published with other content.`;
      return {
        writes: [{ kind: 'plan', record: plan, lost: { argument: 'version', message } }],
        change: { target: `plan/${plan.id}`, before: newestOf(versions), after: plan },
        answer: { plan },
      };
    },
  });

const MIGRATE_MAX = 500;

export interface Migration extends PlanNamed {
  readonly fromVersion: number;
  readonly toVersion: number;
  /** How many to move at most. */
  readonly first: number;
  /** The account after which to go on; `null`: from the first. */
  readonly after: AccountId | null;
}

export interface MigrationAnswer {
  readonly moved: number;
  /** Those that somebody else changed at the same moment, and those that a provider of payments keeps. */
  readonly missed: number;
  /** The account up to which it came. */
  readonly lastAccountId: AccountId | null;
  readonly hasMore: boolean;
}

/** Moves a bounded number of subscriptions from one version of a plan to another. */
export const migrateSubscriptions = (acting: Acting, args: Migration, key: string | null): Promise<MigrationAnswer> =>
  carryOut(acting, key, {
    verb: 'migrateSubscriptions',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ now }) => {
      const { first, after } = args;
      if (first < 1 || first > MIGRATE_MAX) {
        throw badInput('first', `must be a whole number from 1 to ${MIGRATE_MAX}.`);
      }
      const versions = await loadVersions(acting.bank, args.planId);
      const [from, to] = migrationOf(args, versions);
      const asked = { count: first + 1, after, isBackward: false };
      const on = { planId: from.id, planVersion: from.version, at: now };
      const found = await acting.bank.store.findSubscriptionPage(on, asked);
      const page = found.slice(0, first);
      // What a provider keeps has its plan there: to move it here alone would be undone by the next event.
      const own = page.filter(({ keptBy }) => keptBy == null);
      const batch = own.map((each) => ({ ...effectiveAt(each, now), planVersion: to.version }));
      return {
        batch,
        kept: page.length - own.length,
        last: page.at(-1)?.accountId ?? null,
        hasMore: found.length > first,
      };
    },
    save: async ({ batch, kept, last, hasMore }, { id }) => {
      const { planId: plan, fromVersion, toVersion } = args;
      const areMoved = await areSaved(batch, id, subscriptionsIn(acting.bank));
      const moved = areMoved.filter((isMoved) => isMoved).length;
      const [from = null, to = null] = [batch[0]?.accountId, batch.at(-1)?.accountId];
      return {
        change: {
          target: `plan/${plan}`,
          before: { version: fromVersion },
          after: { version: toVersion, moved, from, to },
        },
        answer: { moved, missed: batch.length - moved + kept, lastAccountId: last, hasMore },
      };
    },
  });

const migrationOf = (
  { fromVersion, toVersion }: Migration,
  versions: readonly Plan[],
): readonly [from: Plan, to: Plan] => {
  if (newestOf(versions) === null) throw new OperatorError(...FAULTS.UNKNOWN_PLAN);
  const find = (argument: string, version: number): Plan => {
    const plan = versions.find((each) => each.version === version);
    if (plan !== undefined) return plan;
    throw new OperatorError('NOT_FOUND', `There is no version ${version}.`, argument);
  };
  const [from, to] = [find('fromVersion', fromVersion), find('toVersion', toVersion)];
  if (to.status === 'DRAFT') throw badInput('toVersion', 'is a draft: publish it first.');
  if (to.version === from.version) throw badInput('toVersion', 'is the version that they are on.');
  if (to.interval !== from.interval) {
    throw badInput('toVersion', 'is paid otherwise: its periods would begin anew. Use changeSubscription for each.');
  }
  return [from, to];
};

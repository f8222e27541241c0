/** Plans: each mutation writes the next version, and one who was too late gets `CONFLICT`. */
import type { AccountId } from '../../domain/ids.js';
import { accountId, planId } from '../../domain/ids.js';
import type { Plan } from '../../domain/plan.js';
import { newestOf, stepPlan } from '../../domain/planEdit.js';
import type { PlanStep, PlanStepFault } from '../../domain/planEdit.js';
import type { Subscription } from '../../domain/subscription.js';
import type { MutationResolvers, PlanPayload } from '../../generated/adminTypes.js';
import { OperatorError } from '../../admin/operator.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { placesById } from './connection.js';
import { versionsOf } from '../../admin/found.js';
import { badInput, planContentOf } from '../../admin/input.js';

const FAULTS: Readonly<
  Record<PlanStepFault, readonly [code: OperatorError['code'], argument: string, message: string]>
> = {
  UNKNOWN_PLAN: ['NOT_FOUND', 'planId', 'There is no such plan.'],
  STALE: ['CONFLICT', 'version', 'This is not the plan’s newest version. Look at that one first.'],
  DRAFT_OPEN: ['CONFLICT', 'planId', 'This plan has a draft that is not published. Publish, change or archive it.'],
  NO_DRAFT: ['CONFLICT', 'planId', 'This plan has no draft.'],
  ALREADY_ARCHIVED: ['CONFLICT', 'planId', 'This plan is archived.'],
};

/** Faults name the parts of a plan; the arguments have most of them in `plan`. */
const argumentOf = (part: string): string =>
  part === 'id' ? 'planId' : `plan.${part.replace(/^price\./, '').replace(/^(features\.\d+)\.limit$/, '$1.limit')}`;

const step = async ({ engine, act }: AdminContext, id: string, what: PlanStep): Promise<PlanPayloadSource> => {
  const versions = await versionsOf(engine, id);
  const before = newestOf(versions);
  // The process may have died after it wrote this version: then it is not to write another one.
  const stepped = stepPlan(versions, what);
  if (!stepped.ok) {
    if (stepped.fault !== 'UNSOUND') throw new OperatorError(...messageOf(stepped.fault));
    const [{ argument, message }] = stepped.faults;
    throw new OperatorError('BAD_USER_INPUT', message, argumentOf(argument));
  }
  const { plan } = stepped;
  const [outcome] = await engine.store.savePlans([plan]);
  if (outcome !== 'WON') throw new OperatorError(...messageOf('STALE'));
  engine.shelf.forget();
  act.note({ target: `plan/${plan.id}`, before, after: plan });
  return { plan };
};

interface PlanPayloadSource extends Omit<PlanPayload, 'plan'> {
  readonly plan: Plan;
}

const messageOf = (fault: PlanStepFault): [OperatorError['code'], string, string] => {
  const [code, argument, message] = FAULTS[fault];
  return [code, message, argument];
};

export const planMutations: MutationResolvers = {
  createPlanDraft: (_root, { planId: id, plan }, context) =>
    step(context, id, { kind: 'DRAFT', id: planId(id), content: planContentOf(plan) }),
  updatePlanDraft: (_root, { planId: id, version: base, plan }, context) =>
    step(context, id, { kind: 'UPDATE_DRAFT', base, content: planContentOf(plan) }),
  publishPlan: (_root, { planId: id, version: base }, context) => step(context, id, { kind: 'PUBLISH', base }),
  editPlan: (_root, { planId: id, version: base, plan }, context) =>
    step(context, id, { kind: 'EDIT', base, content: planContentOf(plan) }),
  archivePlan: (_root, { planId: id, version: base }, context) => step(context, id, { kind: 'ARCHIVE', base }),

  migrateSubscriptions: async (_root, args, { engine, act }) => {
    const count = args.first;
    if (count < 1 || count > MIGRATE_MAX) throw badInput('first', `must be a whole number from 1 to ${MIGRATE_MAX}.`);
    const [from, to] = await migrationOf(args, await versionsOf(engine, args.planId));
    const after = args.after == null ? null : CURSORS.read(args.after);
    if (args.after != null && after === null) throw badInput('after', 'is no cursor of a migration.');
    const page = { count: count + 1, after, isBackward: false };
    const found = await engine.store.findSubscriptionPage({ planId: from.id, planVersion: from.version }, page);
    const batch = found.slice(0, count);
    const outcomes = await engine.store.saveSubscriptions(batch.map((each) => ({ ...each, planVersion: to.version })));
    const moved = outcomes.filter((outcome) => outcome === 'WON').length;
    const last = batch.at(-1)?.accountId;
    act.note({
      target: `plan/${from.id}`,
      before: { version: from.version },
      after: { version: to.version, moved, from: batch[0]?.accountId ?? null, to: last ?? null },
    });
    return {
      moved,
      missed: batch.length - moved,
      endCursor: last === undefined ? null : CURSORS.write(last),
      hasMore: found.length > count,
    };
  },
};

const MIGRATE_MAX = 500;
const CURSORS = placesById<Subscription, AccountId>((subscription) => subscription.accountId, accountId);

const migrationOf = async (
  { fromVersion, toVersion }: { readonly fromVersion: number; readonly toVersion: number },
  versions: readonly Plan[],
): Promise<readonly [from: Plan, to: Plan]> => {
  if (newestOf(versions) === null) throw new OperatorError(...messageOf('UNKNOWN_PLAN'));
  const find = (argument: string, version: number): Plan => {
    const plan = versions.find((each) => each.version === version);
    if (plan === undefined) throw new OperatorError('NOT_FOUND', `There is no version ${version}.`, argument);
    return plan;
  };
  const [from, to] = [find('fromVersion', fromVersion), find('toVersion', toVersion)];
  if (to.status === 'DRAFT') throw badInput('toVersion', 'is a draft: publish it first.');
  if (to.version === from.version) throw badInput('toVersion', 'is the version that they are on.');
  if (to.interval !== from.interval) {
    throw badInput('toVersion', 'is paid otherwise: its periods would begin anew. Use changeSubscription for each.');
  }
  return [from, to];
};

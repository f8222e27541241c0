/**
 * Plans and packs as a file, for version control. Applying it puts on sale what differs from what is on sale, and nothing else: a second
 * time it changes nothing. Plans that the file does not name stay as they are.
 */
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { AdminClient } from './adminClient.js';
import { CliError, isRecord } from './adminClient.js';
import { changeOffer, differencesOf } from './offerChange.js';
import type { OfferChange } from './offerChange.js';
import { exportPacks, filePack } from './packFile.js';

const count = z.int().min(0);
const feature = z.strictObject({
  feature: z.string().min(1),
  limit: count.nullable().default(null),
  per: z.enum(['BILLING_PERIOD', 'MONTH', 'DAY', 'HOUR']).nullable().default(null),
  whenExhausted: z.enum(['REFUSE', 'CREDITS']).default('REFUSE'),
});
const content = z.strictObject({
  name: z.string().min(1),
  amountMinor: count,
  currency: z.string(),
  interval: z.enum(['MONTH', 'YEAR']),
  features: z.array(feature).default([]),
  creditsPerPeriod: count.default(0),
  creditsPer: z.enum(['BILLING_PERIOD', 'MONTH']).default('BILLING_PERIOD'),
  trialDays: count.default(0),
  graceDays: count.default(0),
  requestsPerMinute: count.nullable().default(null),
});
const plans = z.array(content.extend({ id: z.string().min(1) }));
/** A file of one of the two need not name the other. */
const file = z
  .strictObject({ plans: plans.optional(), packs: z.array(filePack).optional() })
  .refine((given) => given.plans !== undefined || given.packs !== undefined, {
    path: ['plans'],
    message: 'The file names neither plans nor packs.',
  })
  .transform((given) => ({ plans: given.plans ?? [], packs: given.packs ?? [] }));
const stored = z.object({
  id: z.string(),
  version: z.int(),
  status: z.enum(['DRAFT', 'ACTIVE', 'ARCHIVED']),
  ...content.shape,
});

type Content = z.infer<typeof content>;
type FilePlan = z.infer<typeof file>['plans'][number];
type StoredPlan = z.infer<typeof stored>;

/** Throws `CliError` with all that is wrong. */
export const readPlanFile = (text: string): z.infer<typeof file> => {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new CliError(`The file is no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = file.safeParse(parsed);
  if (!result.success) {
    throw new CliError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  return result.data;
};

const FIELDS = `id version status name amountMinor currency interval creditsPerPeriod creditsPer trialDays graceDays
  requestsPerMinute  features { feature limit per whenExhausted }`;

/** The newest version of a plan, or `null`. */
const findPlan = async (client: AdminClient, id: string): Promise<StoredPlan | null> => {
  const { plan } = await client.ask(`query ($id: ID!) { plan(id: $id) { ${FIELDS} } }`, { id });
  return plan === null ? null : stored.parse(plan);
};

const contentOf = (plan: FilePlan | StoredPlan): Content => content.parse(pick(plan));
const pick = (plan: FilePlan | StoredPlan): unknown =>
  Object.fromEntries(Object.entries(plan).filter(([name]) => name in content.shape));

export type PlanChange = OfferChange<'NEW' | 'EDIT' | 'PUBLISH' | 'SAME'>;

interface Step extends PlanChange {
  readonly plan: Content;
  readonly before: StoredPlan | null;
}

const stepOf = (wanted: FilePlan, before: StoredPlan | null): Step => {
  const { id } = wanted;
  const plan = contentOf(wanted);
  if (before === null) return { id, plan, before, kind: 'NEW', differences: [] };
  const differences = differencesOf(contentOf(before), plan);
  if (before.status === 'DRAFT') return { id, plan, before, kind: 'PUBLISH', differences };
  const isSame = before.status === 'ACTIVE' && differences.length === 0;
  return { id, plan, before, kind: isSame ? 'SAME' : 'EDIT', differences };
};

/** Looks at each plan of the file, and puts right what differs unless that is only to be shown. */
export const applyPlans = async (
  client: AdminClient,
  plans: readonly FilePlan[],
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<readonly PlanChange[]> => {
  const steps: Step[] = [];
  // All are looked at before any is changed, so that what can't be read changes nothing.
  for (const plan of plans) steps.push(stepOf(plan, await findPlan(client, plan.id)));
  if (!isDryRun) for (const step of steps) await carryOut(client, step);
  return steps.map(({ id, kind, differences }) => ({ id, kind, differences }));
};

const carryOut = async (client: AdminClient, { id, kind, plan, before, differences }: Step): Promise<void> => {
  switch (kind) {
    case 'SAME':
      return;
    case 'EDIT':
      await write(client, 'editPlan', { planId: id, version: before?.version, plan });
      return;
    case 'NEW': {
      const version = await write(client, 'createPlanDraft', { planId: id, plan });
      await write(client, 'publishPlan', { planId: id, version });
      return;
    }
    case 'PUBLISH': {
      const base = before?.version;
      const isAsWanted = differences.length === 0;
      const version = isAsWanted ? base : await write(client, 'updatePlanDraft', { planId: id, version: base, plan });
      await write(client, 'publishPlan', { planId: id, version });
      return;
    }
  }
};

type PlanMutation = 'createPlanDraft' | 'updatePlanDraft' | 'publishPlan' | 'editPlan';

const write = (client: AdminClient, mutation: PlanMutation, args: object): Promise<number> =>
  changeOffer(client, 'plan', mutation, args);

/** All plans and packs on sale, as a file that changes nothing where it is applied. */
export const exportPlans = async (client: AdminClient): Promise<string> => {
  const plans: unknown[] = [];
  for (let after: unknown = null; ;) {
    const { plans: page } = await client.ask(
      `query ($after: String) { plans(first: 100, after: $after) { nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } }`,
      { after },
    );
    const { nodes, pageInfo } = pageOf(page);
    const onSale = nodes.map((node) => stored.parse(node)).filter(({ status }) => status === 'ACTIVE');
    plans.push(...onSale.map((plan) => ({ id: plan.id, ...contentOf(plan) })));
    if (pageInfo['hasNextPage'] !== true) return stringify({ plans, packs: await exportPacks(client) });
    after = pageInfo['endCursor'];
  }
};

export const pageOf = (connection: unknown): { nodes: readonly unknown[]; pageInfo: Record<string, unknown> } => {
  const { nodes, pageInfo } = isRecord(connection) ? connection : {};
  if (!Array.isArray(nodes) || !isRecord(pageInfo)) throw new CliError('The server answers a list of another kind.');
  return { nodes, pageInfo };
};

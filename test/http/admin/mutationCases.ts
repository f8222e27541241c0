/**
 * For every mutation of the admin API: the world in which it works, what it answers, each input that is wrong, and what
 * becomes of two at the same time. The suite asks for cases of each mutation that the schema has.
 */
import { expect } from 'vitest';
import type { Args, World } from './world.js';
import { PLAN } from './world.js';

type Code = 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT';

export interface BadInput {
  readonly name: string;
  /** In place of the sound arguments, or the world changed so that they are not sound any more. */
  readonly change: Args | ((world: World, args: Args) => Promise<Args>);
  readonly code: Code;
  readonly argument: string;
}

export interface MutationCases {
  /** Whether there is nothing before it: the audit entry says so. */
  readonly isNew?: true;
  readonly prepare: (world: World) => Promise<Args>;
  readonly answers: (args: Args) => unknown;
  readonly bad: readonly [BadInput, ...BadInput[]];
  /**
   * What the other one wants where two at the same time fight for something: one of them gets `CONFLICT`. A text: why there
   * is nothing to fight for.
   */
  readonly contest: ((args: Args) => Args) | string;
}

const bad = (name: string, argument: string, change: BadInput['change'], code: Code = 'BAD_USER_INPUT'): BadInput => ({
  name,
  argument,
  change,
  code,
});

const unknownAccount = bad('an unknown account', 'accountId', { accountId: 'nobody' }, 'NOT_FOUND');
const hostileAccount = bad('an operator for an id', 'accountId', { accountId: '{"$gt":""}' }, 'NOT_FOUND');
const unknownPlan = bad('an unknown plan', 'planId', { planId: 'nothing' }, 'NOT_FOUND');
const oldVersion = bad('a version that is not the newest', 'version', { version: 99 }, 'CONFLICT');
const noReason = bad('no reason', 'reason', { reason: ' ' });
const notSubscribed = bad(
  'an account without a subscription',
  'accountId',
  async (world) => ({ accountId: await world.account() }),
  'NOT_FOUND',
);
const unknownKey = bad('an unknown key', 'keyId', { keyId: '__proto__' }, 'NOT_FOUND');
const unknownOperator = bad('an unknown operator', 'operatorId', { operatorId: 'constructor' }, 'NOT_FOUND');
const removedOperator = bad(
  'an operator who was removed',
  'operatorId',
  async (world, args) => {
    await world.do('removeOperator', args);
    return args;
  },
  'CONFLICT',
);
const inThePast = (argument: string) => bad('a date in the past', argument, { [argument]: '2020-01-01T00:00:00Z' });
const withPlan = (changes: Args): Args => ({ plan: { ...PLAN, ...changes } });
const unsoundPlans: readonly BadInput[] = [
  bad('a plan without a name', 'plan.name', withPlan({ name: ' ' })),
  bad('a negative price', 'plan.amountMinor', withPlan({ amountMinor: -1 })),
  bad('a currency that is none', 'plan.currency', withPlan({ currency: 'euro' })),
  bad('a currency that nobody pays with', 'plan.currency', withPlan({ currency: 'XTS' })),
  bad('negative credits', 'plan.creditsPerPeriod', withPlan({ creditsPerPeriod: -1 })),
  bad('an endless trial', 'plan.trialDays', withPlan({ trialDays: 9_999 })),
  bad('a negative grace', 'plan.graceDays', withPlan({ graceDays: -1 })),
  bad('no requests', 'plan.requestsPerMinute', withPlan({ requestsPerMinute: 0 })),
  bad('a feature without a name', 'plan.features.0.feature', withPlan({ features: [{ feature: '' }] })),
  bad('a feature twice', 'plan.features.1.feature', withPlan({ features: [{ feature: 'a' }, { feature: 'a' }] })),
  bad('a limit without a time', 'plan.features.0.per', withPlan({ features: [{ feature: 'a', limit: 1 }] })),
  bad('a time without a limit', 'plan.features.0.limit', withPlan({ features: [{ feature: 'a', per: 'DAY' }] })),
  bad('a negative limit', 'plan.features.0.limit', withPlan({ features: [{ feature: 'a', limit: -1, per: 'DAY' }] })),
];
const PACK = { name: 'Small', credits: 500, amountMinor: 500, currency: 'EUR', expiresAfterDays: 365 };
const withPack = (changes: Args): Args => ({ pack: { ...PACK, ...changes } });
const unsoundPacks: readonly BadInput[] = [
  bad('a pack without a name', 'pack.name', withPack({ name: ' ' })),
  bad('a pack for nothing', 'pack.amountMinor', withPack({ amountMinor: 0 })),
  bad('a currency that is none', 'pack.currency', withPack({ currency: 'euro' })),
  bad('a pack of nothing', 'pack.credits', withPack({ credits: 0 })),
  bad('credits for no day', 'pack.expiresAfterDays', withPack({ expiresAfterDays: 0 })),
];
const aPack = async (world: World): Promise<string> => {
  const packId = world.name('pack');
  await world.do('publishPack', { packId, pack: PACK });
  return packId;
};
const theSame = (args: Args): Args => args;
const anotherPlan = (args: Args): Args => ({ ...args, plan: { ...PLAN, name: 'Mine' } });

export const MUTATION_CASES: Readonly<Record<string, MutationCases>> = {
  createPlanDraft: {
    isNew: true,
    prepare: async (world) => ({ planId: world.name('plan'), plan: PLAN }),
    answers: ({ planId }) => ({
      plan: { id: planId, version: 1, status: 'DRAFT', name: 'Pro', amountMinor: 3_100, trialDays: 14 },
    }),
    bad: [
      bad('an id that is no slug', 'planId', { planId: 'No Slug' }),
      bad('the prototype for an id', 'planId', { planId: '__proto__' }),
      bad('a draft beside a draft', 'planId', async (world) => ({ planId: await world.draft() }), 'CONFLICT'),
      ...unsoundPlans,
    ],
    contest: anotherPlan,
  },
  updatePlanDraft: {
    prepare: async (world) => ({ planId: await world.draft(), version: 1, plan: { ...PLAN, name: 'Other' } }),
    answers: ({ planId }) => ({ plan: { id: planId, version: 2, status: 'DRAFT', name: 'Other' } }),
    bad: [
      unknownPlan,
      oldVersion,
      bad('a plan on sale', 'planId', async (world) => ({ planId: await world.plan(), version: 2 }), 'CONFLICT'),
      ...unsoundPlans,
    ],
    contest: anotherPlan,
  },
  publishPlan: {
    prepare: async (world) => ({ planId: await world.draft(), version: 1 }),
    answers: ({ planId }) => ({ plan: { id: planId, version: 2, status: 'ACTIVE' } }),
    bad: [
      unknownPlan,
      oldVersion,
      bad('a plan on sale', 'planId', async (world) => ({ planId: await world.plan(), version: 2 }), 'CONFLICT'),
    ],
    contest: 'Two who publish the same draft want the same, and both get it.',
  },
  editPlan: {
    prepare: async (world) => ({ planId: await world.plan(), version: 2, plan: { ...PLAN, amountMinor: 9_900 } }),
    answers: ({ planId }) => ({ plan: { id: planId, version: 3, status: 'ACTIVE', amountMinor: 9_900 } }),
    bad: [
      unknownPlan,
      oldVersion,
      bad('a draft', 'planId', async (world) => ({ planId: await world.draft(), version: 1 }), 'CONFLICT'),
      ...unsoundPlans,
    ],
    contest: anotherPlan,
  },
  archivePlan: {
    prepare: async (world) => ({ planId: await world.plan(), version: 2 }),
    answers: ({ planId }) => ({ plan: { id: planId, version: 3, status: 'ARCHIVED' } }),
    bad: [
      unknownPlan,
      oldVersion,
      bad(
        'an archived plan',
        'planId',
        async (world, args) => {
          await world.do('archivePlan', args);
          return { ...args, version: 3 };
        },
        'CONFLICT',
      ),
    ],
    contest: 'Two who archive the same version want the same, and both get it.',
  },
  publishPack: {
    isNew: true,
    prepare: async (world) => ({ packId: world.name('pack'), pack: PACK }),
    answers: ({ packId }) => ({ pack: { id: packId, version: 1, status: 'ACTIVE', ...PACK } }),
    bad: [
      bad('an id that is no slug', 'packId', { packId: 'No Slug' }),
      bad('a pack that is there', 'packId', async (world) => ({ packId: await aPack(world) }), 'CONFLICT'),
      ...unsoundPacks,
    ],
    contest: (args) => ({ ...args, pack: { ...PACK, name: 'Mine' } }),
  },
  editPack: {
    prepare: async (world) => ({ packId: await aPack(world), version: 1, pack: { ...PACK, credits: 7 } }),
    answers: ({ packId }) => ({ pack: { id: packId, version: 2, status: 'ACTIVE', credits: 7 } }),
    bad: [bad('a pack that is not there', 'packId', { packId: 'none' }, 'NOT_FOUND'), oldVersion, ...unsoundPacks],
    contest: (args) => ({ ...args, pack: { ...PACK, name: 'Mine' } }),
  },
  archivePack: {
    prepare: async (world) => ({ packId: await aPack(world), version: 1 }),
    answers: ({ packId }) => ({ pack: { id: packId, version: 2, status: 'ARCHIVED', ...PACK } }),
    bad: [
      bad('a pack that is not there', 'packId', { packId: 'none' }, 'NOT_FOUND'),
      oldVersion,
      bad(
        'an archived pack',
        'packId',
        async (world, args) => {
          await world.do('archivePack', args);
          return { ...args, version: 2 };
        },
        'CONFLICT',
      ),
    ],
    contest: 'Two who archive the same version want the same, and both get it.',
  },
  migrateSubscriptions: {
    prepare: async (world) => {
      const planId = await world.plan();
      await world.subscribed(planId);
      await world.do('editPlan', { planId, version: 2, plan: PLAN });
      return { planId, fromVersion: 2, toVersion: 3 };
    },
    answers: () => ({ moved: 1, missed: 0, hasMore: false }),
    bad: [
      unknownPlan,
      bad('a version to leave that is not there', 'fromVersion', { fromVersion: 77 }, 'NOT_FOUND'),
      bad('a version to go to that is not there', 'toVersion', { toVersion: 77 }, 'NOT_FOUND'),
      bad('a draft to go to', 'toVersion', { toVersion: 1 }),
      bad('the same version', 'toVersion', { toVersion: 2 }),
      bad('none at a time', 'first', { first: 0 }),
      bad('too many at a time', 'first', { first: 501 }),
      bad('a cursor that is none', 'after', { after: 'nonsense' }),
      bad('another interval', 'toVersion', async (world, args) => {
        await world.do('editPlan', { planId: args['planId'], version: 3, plan: { ...PLAN, interval: 'YEAR' } });
        return { ...args, toVersion: 4 };
      }),
    ],
    contest: 'A subscription that was moved by somebody else is counted as missed, and the rest is moved.',
  },
  createAccount: {
    isNew: true,
    prepare: async (world) => ({ id: world.name('account'), name: 'Acme' }),
    answers: ({ id }) => ({
      account: { id, name: 'Acme', suspendedAt: null, timeZone: 'UTC', balance: { available: 0 } },
    }),
    bad: [
      bad('no name', 'name', { name: '' }),
      bad('a zone that is none', 'timeZone', { timeZone: 'Europe/Nowhere' }),
      bad('an empty id', 'id', { id: '' }),
      bad('an operator for an id', 'id', { id: '$where' }),
      bad('the prototype for an id', 'id', { id: '__proto__' }),
      bad('an id that is taken', 'id', async (world) => ({ id: await world.account() }), 'CONFLICT'),
    ],
    contest: theSame,
  },
  suspendAccount: {
    prepare: async (world) => ({ accountId: await world.account() }),
    answers: ({ accountId }) => ({ account: { id: accountId, suspendedAt: '2026-01-01T00:00:00.000Z' } }),
    bad: [unknownAccount, hostileAccount],
    contest: theSame,
  },
  setTimeZone: {
    prepare: async (world) => ({ accountId: await world.account(), timeZone: 'Europe/Berlin' }),
    answers: ({ accountId }) => ({ account: { id: accountId, timeZone: 'Europe/Berlin' } }),
    bad: [
      unknownAccount,
      hostileAccount,
      bad('a zone that is none', 'timeZone', { timeZone: 'Berlin' }),
      bad('a distance from UTC', 'timeZone', { timeZone: '+02:00' }),
    ],
    contest: theSame,
  },
  resumeAccount: {
    prepare: async (world) => {
      const accountId = await world.account();
      await world.do('suspendAccount', { accountId });
      return { accountId };
    },
    answers: ({ accountId }) => ({ account: { id: accountId, suspendedAt: null } }),
    bad: [unknownAccount, hostileAccount],
    contest: theSame,
  },
  issueApiKey: {
    isNew: true,
    prepare: async (world) => ({
      accountId: await world.account(),
      scopes: ['paid', 'paid'],
      budget: { credits: 9, per: 'MONTH' },
    }),
    answers: ({ accountId }) => ({
      apiKey: {
        accountId,
        scopes: ['paid'],
        revokedAt: null,
        budget: { credits: 9, per: 'MONTH', spent: 0, resetAt: '2026-02-01T00:00:00.000Z' },
      },
      secret: expect.stringMatching(/^tg_[\w-]{32}$/),
    }),
    bad: [
      unknownAccount,
      hostileAccount,
      inThePast('expiresAt'),
      bad('an empty scope', 'scopes', { scopes: [''] }),
      bad('a budget below nothing', 'budget.credits', { budget: { credits: -1, per: 'DAY' } }),
    ],
    contest: 'Two keys of one account are two keys.',
  },
  rotateApiKey: {
    prepare: async (world) => ({ keyId: (await world.keyOf(await world.account(), { scopes: ['paid'] })).id }),
    answers: () => ({ apiKey: { scopes: ['paid'], expiresAt: null }, secret: expect.stringMatching(/^tg_/) }),
    bad: [
      unknownKey,
      bad('a negative overlap', 'overlapSeconds', { overlapSeconds: -1 }),
      bad('an endless overlap', 'overlapSeconds', { overlapSeconds: 99_999_999 }),
      bad(
        'a key that is over',
        'keyId',
        async (world, args) => {
          await world.do('revokeApiKey', { keyId: args['keyId'] });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  revokeApiKey: {
    prepare: async (world) => ({ keyId: (await world.keyOf(await world.account())).id }),
    answers: ({ keyId }) => ({ apiKey: { id: keyId, revokedAt: '2026-01-01T00:00:00.000Z' } }),
    bad: [unknownKey],
    contest: theSame,
  },
  expireApiKey: {
    prepare: async (world) => ({
      keyId: (await world.keyOf(await world.account())).id,
      expiresAt: '2026-02-01T00:00:00.000Z',
    }),
    answers: ({ keyId, expiresAt }) => ({ apiKey: { id: keyId, expiresAt } }),
    bad: [
      unknownKey,
      inThePast('expiresAt'),
      bad(
        'a key that is over',
        'keyId',
        async (world, args) => {
          await world.do('revokeApiKey', { keyId: args['keyId'] });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  setApiKeyBudget: {
    prepare: async (world) => ({
      keyId: (await world.keyOf(await world.account())).id,
      budget: { credits: 5, per: 'MONTH' },
    }),
    answers: ({ keyId }) => ({
      apiKey: { id: keyId, budget: { credits: 5, per: 'MONTH', spent: 0, resetAt: '2026-02-01T00:00:00.000Z' } },
    }),
    bad: [
      unknownKey,
      bad('a budget below nothing', 'budget.credits', { budget: { credits: -1, per: 'DAY' } }),
      bad(
        'a key that is over',
        'keyId',
        async (world, args) => {
          await world.do('revokeApiKey', { keyId: args['keyId'] });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  startSubscription: {
    isNew: true,
    prepare: async (world) => ({ accountId: await world.account(), planId: await world.plan(), withTrial: true }),
    answers: ({ planId }) => ({
      subscription: { planId, planVersion: 2, state: 'TRIALING', trialEndsAt: '2026-01-15T00:00:00.000Z' },
    }),
    bad: [
      unknownAccount,
      unknownPlan,
      inThePast('startsAt'),
      bad('a plan that is a draft', 'planId', async (world) => ({ planId: await world.draft() }), 'CONFLICT'),
      bad('a trial that the plan has not', 'withTrial', async (world) => ({
        planId: await world.plan({ trialDays: 0 }),
      })),
      bad(
        'a second trial, though of another plan',
        'withTrial',
        async (world) => {
          const accountId = await world.account();
          await world.do('startSubscription', { accountId, planId: await world.plan(), withTrial: true });
          await world.do('cancelSubscription', { accountId, when: 'NOW' });
          return { accountId };
        },
        'CONFLICT',
      ),
      bad('a second one', 'accountId', async (world) => ({ accountId: await world.subscribed() }), 'CONFLICT'),
    ],
    contest: theSame,
  },
  changeSubscription: {
    prepare: async (world) => ({
      accountId: await world.subscribed(),
      planId: await world.plan({ amountMinor: 6_200, creditsPerPeriod: 31 }),
    }),
    answers: ({ planId }) => ({
      subscription: { planId, state: 'ACTIVE', change: null },
      proration: { unusedMinor: 3_100, dueMinor: 6_200, unusedCredits: 0, addedCredits: 31 },
    }),
    bad: [
      unknownAccount,
      notSubscribed,
      unknownPlan,
      bad('a plan that is a draft', 'planId', async (world) => ({ planId: await world.draft() }), 'CONFLICT'),
      bad(
        'the same plan',
        'planId',
        async (world) => {
          const planId = await world.plan();
          return { accountId: await world.subscribed(planId), planId };
        },
        'CONFLICT',
      ),
      bad(
        'one that has ended',
        'accountId',
        async (world, args) => {
          await world.do('cancelSubscription', { accountId: args['accountId'], when: 'NOW' });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  cancelSubscription: {
    prepare: async (world) => ({ accountId: await world.subscribed() }),
    answers: () => ({ subscription: { state: 'ACTIVE', cancelsAt: '2026-02-01T00:00:00.000Z' }, unused: [] }),
    bad: [
      unknownAccount,
      notSubscribed,
      bad('the end of credits at the period’s end', 'endCredits', { endCredits: true }),
      bad(
        'one that has ended',
        'accountId',
        async (world, args) => {
          await world.do('cancelSubscription', { ...args, when: 'NOW' });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  renewSubscription: {
    prepare: async (world) => {
      const accountId = await world.subscribed();
      await world.do('cancelSubscription', { accountId, when: 'NOW' });
      return { accountId };
    },
    answers: () => ({ subscription: { state: 'ACTIVE', cancelsAt: null, paidUntil: '2026-02-01T00:00:00.000Z' } }),
    bad: [
      unknownAccount,
      notSubscribed,
      bad('one that runs', 'accountId', async (world) => ({ accountId: await world.subscribed() }), 'CONFLICT'),
    ],
    contest: theSame,
  },
  recordPayment: {
    prepare: async (world) => ({ accountId: await world.subscribed() }),
    answers: () => ({ subscription: { state: 'ACTIVE', paidUntil: '2026-03-01T00:00:00.000Z' } }),
    bad: [
      unknownAccount,
      notSubscribed,
      bad(
        'one that has ended',
        'accountId',
        async (world, args) => {
          await world.do('cancelSubscription', { ...args, when: 'NOW' });
          return args;
        },
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  recordPaymentFailure: {
    prepare: async (world) => ({ accountId: await world.subscribed(), cause: 'CARD_EXPIRED' }),
    answers: () => ({ subscription: { state: 'ACTIVE', paymentFailureCause: 'CARD_EXPIRED' } }),
    bad: [
      unknownAccount,
      notSubscribed,
      bad(
        'one that has not begun',
        'accountId',
        async (world) => ({ accountId: await world.subscribed(null, { startsAt: '2026-06-01T00:00:00Z' }) }),
        'CONFLICT',
      ),
    ],
    contest: theSame,
  },
  grantCredits: {
    prepare: async (world) => ({ accountId: await world.account(), credits: 50, reason: 'Invoice 17' }),
    answers: () => ({
      balance: { available: 50, held: 0 },
      entries: [{ kind: 'GRANT', credits: 50, reason: 'Invoice 17', balanceAfter: 50 }],
    }),
    bad: [
      unknownAccount,
      hostileAccount,
      noReason,
      inThePast('expiresAt'),
      bad('no credits', 'credits', { credits: 0 }),
      bad('negative credits', 'credits', { credits: -5 }),
      bad('more than an account can have', 'credits', async (world) => ({
        accountId: await world.account(1),
        credits: Number.MAX_SAFE_INTEGER,
      })),
    ],
    contest: 'Two grants are two grants.',
  },
  adjustCredits: {
    prepare: async (world) => ({ accountId: await world.account(40), credits: -40, reason: 'Mistake' }),
    answers: () => ({ balance: { available: 0 }, entries: [{ kind: 'ADJUST', credits: -40, balanceAfter: 0 }] }),
    bad: [
      unknownAccount,
      noReason,
      bad('no credits', 'credits', { credits: 0 }),
      bad('more than there are', 'credits', { credits: -41 }, 'CONFLICT'),
      bad('an unknown grant', 'grantId', { grantId: 'a.b' }, 'NOT_FOUND'),
    ],
    contest: theSame,
  },
  refundCharge: {
    prepare: async (world) => ({ ...(await world.charged()), reason: 'Complaint' }),
    answers: () => ({ balance: { available: 100 }, entries: [{ kind: 'REFUND', credits: 10, balanceAfter: 100 }] }),
    bad: [
      unknownAccount,
      noReason,
      bad('an unknown charge', 'holdId', { holdId: 'nothing' }, 'NOT_FOUND'),
      bad('another account’s charge', 'holdId', async (world) => ({ accountId: await world.account() }), 'NOT_FOUND'),
      bad('no credits', 'credits', { credits: 0 }),
      bad('more than was charged', 'credits', { credits: 11 }, 'CONFLICT'),
    ],
    contest: theSame,
  },
  createOperator: {
    isNew: true,
    prepare: async () => ({ name: 'Sam', role: 'SUPPORT' }),
    answers: () => ({
      operator: { name: 'Sam', role: 'SUPPORT', removedAt: null },
      secret: expect.stringMatching(/^tgo_[\w-]{32}$/),
    }),
    bad: [bad('no name', 'name', { name: '' })],
    contest: 'Two operators are two operators.',
  },
  rotateOperatorKey: {
    prepare: async (world) => ({ operatorId: (await world.operator('ADMIN')).id }),
    answers: ({ operatorId }) => ({ operator: { id: operatorId }, secret: expect.stringMatching(/^tgo_/) }),
    bad: [unknownOperator, removedOperator],
    contest: theSame,
  },
  removeOperator: {
    prepare: async (world) => ({ operatorId: (await world.operator('ADMIN')).id }),
    answers: ({ operatorId }) => ({ operator: { id: operatorId, removedAt: '2026-01-01T00:00:00.000Z' } }),
    bad: [
      unknownOperator,
      removedOperator,
      bad('the last owner', 'operatorId', async (world) => ({ operatorId: await world.lastOwner() }), 'CONFLICT'),
    ],
    contest: theSame,
  },
};

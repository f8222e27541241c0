/**
 * The nine causes for which users of APIs are refused. Each is produced over HTTP; `refusal(id)` names it; the mutation that
 * its diagnosis names is sent as it stands there; and the same operation is served.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/period.js';
import { listAt, partAt } from '../../support/bodies.js';
import { OWNER, textAt, World } from './world.js';
import type { Args } from './world.js';
import { onEachStore } from '../../support/onEachStore.js';

const REFUSAL = `query ($id: ID!) { refusal(id: $id) {
  id at accountId keyId operationName operationHash status reason requestId subscriptionState planId
  fields { coordinate reason remedy docs feature required available plans resetAt }
  diagnosis { coordinate reasonThen reasonNow
    checks { check passedThen passedNow figures { name then now } remedy { remedy } }
    remedy { remedy advice url docs mutation { name document variables missing } } } } }`;

interface Refused {
  /** The key that is sent. */
  readonly key: string | null;
  readonly accountId: string;
}

interface Case {
  readonly cause: string;
  readonly reason: string;
  readonly status: number;
  /** The check that is not passed. */
  readonly check: string;
  readonly operation: string;
  readonly arrange: (world: World) => Promise<Refused>;
  /** The mutation that the diagnosis names; `null`: none is needed. */
  readonly mutation: string | null;
}

const withKey = async (world: World, accountId: string, changes: Args = {}): Promise<Refused> => {
  const { secret } = await world.keyOf(accountId, changes);
  return { key: secret, accountId };
};

const unpaid = (cause: string) => async (world: World) => {
  const accountId = await world.subscribed();
  const refused = await withKey(world, accountId);
  await world.do('recordPaymentFailure', { accountId, cause });
  // The month that was paid, and grace.
  world.clock += 39 * DAY_MS;
  return refused;
};

/** What a plan lacks here, the plan `everything` has. */
const planWith = (features: readonly Args[]) => (world: World) => world.plan({ features });

const CASES: readonly Case[] = [
  {
    cause: 'payment-method-expired',
    reason: 'PAYMENT_METHOD_EXPIRED',
    status: 402,
    check: 'PAYMENT_METHOD',
    operation: 'query Any { covered }',
    arrange: unpaid('CARD_EXPIRED'),
    mutation: 'recordPayment',
  },
  {
    cause: 'payment-method-expired',
    reason: 'PAYMENT_FAILED',
    status: 402,
    check: 'PAYMENT_METHOD',
    operation: '{ covered }',
    arrange: unpaid('OTHER'),
    mutation: 'recordPayment',
  },
  {
    cause: 'insufficient-funds',
    reason: 'INSUFFICIENT_FUNDS',
    status: 402,
    check: 'BALANCE',
    operation: '{ paid(units: 2) more: paid }',
    arrange: async (world) => withKey(world, await world.account(3)),
    mutation: 'grantCredits',
  },
  {
    cause: 'key-budget-reached',
    reason: 'KEY_BUDGET_REACHED',
    status: 402,
    check: 'BUDGET',
    operation: '{ paid(units: 2) more: paid }',
    arrange: async (world) => withKey(world, await world.account(50), { budget: { credits: 4, per: 'DAY' } }),
    mutation: 'setApiKeyBudget',
  },
  {
    cause: 'paid-content',
    reason: 'SUBSCRIPTION_REQUIRED',
    status: 402,
    check: 'SUBSCRIPTION',
    operation: '{ covered }',
    arrange: async (world) => withKey(world, await world.account()),
    mutation: 'startSubscription',
  },
  {
    cause: 'paid-content',
    reason: 'PLAN_UPGRADE_REQUIRED',
    status: 402,
    check: 'PLAN',
    operation: '{ covered }',
    arrange: async (world) => withKey(world, await world.subscribed(await planWith([{ feature: 'paid' }])(world))),
    mutation: 'changeSubscription',
  },
  {
    cause: 'paid-content',
    reason: 'LIMIT_REACHED',
    status: 402,
    check: 'LIMIT',
    operation: '{ paid(units: 2) }',
    arrange: async (world) => {
      const limited = await planWith([{ feature: 'paid', limit: 1, per: 'DAY' }])(world);
      return withKey(world, await world.subscribed(limited));
    },
    mutation: 'changeSubscription',
  },
  {
    cause: 'subscription-expired',
    reason: 'SUBSCRIPTION_EXPIRED',
    status: 402,
    check: 'SUBSCRIPTION',
    operation: '{ covered }',
    arrange: async (world) => {
      const refused = await withKey(world, await world.subscribed());
      world.clock += 39 * DAY_MS;
      return refused;
    },
    mutation: 'renewSubscription',
  },
  {
    cause: 'subscription-expired',
    reason: 'SUBSCRIPTION_EXPIRED',
    status: 402,
    check: 'SUBSCRIPTION',
    operation: '{ paid(units: 2) }',
    arrange: async (world) => {
      const refused = await withKey(world, await world.subscribed());
      world.clock += 1_000;
      await world.do('cancelSubscription', { accountId: refused.accountId, when: 'NOW' });
      return refused;
    },
    mutation: 'renewSubscription',
  },
  {
    cause: 'incorrect-api-key',
    reason: 'KEY_UNKNOWN',
    status: 401,
    check: 'KEY',
    operation: '{ free }',
    arrange: async (world) => ({ key: 'tg_never-issued', accountId: await world.account() }),
    mutation: null,
  },
  {
    cause: 'incorrect-api-key',
    reason: 'KEY_REQUIRED',
    status: 401,
    check: 'KEY',
    operation: '{ paid }',
    arrange: async (world) => ({ key: null, accountId: await world.account(5) }),
    mutation: null,
  },
  {
    cause: 'incorrect-api-key',
    reason: 'KEY_EXPIRED',
    status: 401,
    check: 'KEY',
    operation: '{ paid }',
    arrange: async (world) => {
      const expiresAt = new Date(world.clock + 1_000).toISOString();
      const refused = await withKey(world, await world.account(5), { expiresAt });
      world.clock += 2_000;
      return refused;
    },
    mutation: 'issueApiKey',
  },
  {
    cause: 'incorrect-api-key',
    reason: 'KEY_REVOKED',
    status: 401,
    check: 'KEY',
    operation: '{ paid }',
    arrange: async (world) => {
      const accountId = await world.account(5);
      const { id, secret } = await world.keyOf(accountId, { scopes: ['paid'] });
      await world.do('revokeApiKey', { keyId: id });
      return { key: secret, accountId };
    },
    mutation: 'issueApiKey',
  },
  {
    cause: 'unauthorised-access',
    reason: 'ACCOUNT_SUSPENDED',
    status: 403,
    check: 'AUTHORISATION',
    operation: '{ paid }',
    arrange: async (world) => {
      const refused = await withKey(world, await world.account(5));
      await world.do('suspendAccount', { accountId: refused.accountId });
      return refused;
    },
    mutation: 'resumeAccount',
  },
  {
    cause: 'unauthorised-access',
    reason: 'SCOPE_MISSING',
    status: 403,
    check: 'AUTHORISATION',
    operation: '{ paid }',
    arrange: async (world) => withKey(world, await world.account(5), { scopes: ['covered'] }),
    mutation: 'issueApiKey',
  },
];

/** What each check found in a diagnosis, then or now. */
const passed = (diagnosis: unknown, when: 'passedThen' | 'passedNow'): Readonly<Record<string, unknown>> =>
  Object.fromEntries(listAt(diagnosis, 'checks').map((each) => [textAt(each, 'check'), partAt(each, when)]));

const ORDER = [
  'KEY',
  'AUTHORISATION',
  'RATE',
  'PAYMENT_METHOD',
  'SUBSCRIPTION',
  'PLAN',
  'LIMIT',
  'BALANCE',
  'BUDGET',
  'STORE',
];

onEachStore(({ name, database }) => {
  describe(`the causes of refusals on ${name}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await World.open({ database });
      // Refusals are kept for 30 days, by the clock of the machine.
      world.clock = Date.now();
      await world.plan({ amountMinor: 90_000, features: [{ feature: 'covered' }, { feature: 'paid' }] });
    });
    afterAll(() => world.server.close());

    const refusal = async (id: string) => partAt(await world.ask(REFUSAL, { id }), 'refusal');

    /** Sends an operation that must be refused, and gives the id of the refusal. */
    const refuse = async (key: string | null, { operation, status, reason, cause }: Omit<Case, 'arrange'>) => {
      const { body, ...answer } = await world.server.query(key, operation);
      expect(answer.status).toBe(status);
      expect(body).not.toHaveProperty('data');
      const id = textAt(body, 'errors', 0, 'extensions', 'refusalId');
      for (const error of listAt(body, 'errors')) {
        const docs = `https://atlas.test/errors/${cause}`;
        expect(error).toMatchObject({ extensions: { reason, docs, refusalId: id } });
      }
      return id;
    };

    it.each(CASES)('$cause: $reason is named and put right', async (each) => {
      const { key, accountId } = await each.arrange(world);
      const id = await refuse(key, each);

      const found = await refusal(id);
      const isKnown = each.mutation !== null;
      expect(found).toMatchObject({
        id,
        at: new Date(world.clock).toISOString(),
        accountId: isKnown ? accountId : null,
        status: each.status,
        reason: each.reason,
        requestId: expect.any(String),
        // With a key that is no good an operation is not even read.
        operationHash: /^KEY_(UNKNOWN|EXPIRED|REVOKED)$/.test(each.reason) ? null : expect.any(String),
        operationName: each.operation.startsWith('query Any') ? 'Any' : null,
      });
      const [diagnosis] = listAt(found, 'diagnosis');
      expect(diagnosis).toMatchObject({ reasonThen: each.reason, reasonNow: each.reason });
      expect(Object.keys(passed(diagnosis, 'passedThen'))).toEqual(ORDER);
      for (const when of ['passedThen', 'passedNow'] as const) {
        expect(passed(diagnosis, when)).toMatchObject({ [each.check]: false });
      }

      // The remedy is carried out by what the diagnosis says, and nothing else.
      const { server } = world;
      const mutation = partAt(diagnosis, 'remedy', 'mutation');
      const missing = listAt(mutation, 'missing');
      expect(missing).toEqual(isKnown ? [] : ['accountId']);
      expect(partAt(mutation, 'name')).toBe(each.mutation ?? 'issueApiKey');
      const variables = partAt(mutation, 'variables') as Args;
      const sent = isKnown ? variables : { ...variables, accountId };
      const { body } = await server.admin(OWNER, textAt(mutation, 'document'), sent);
      expect(body).not.toHaveProperty('errors');

      // A key that is over stays so: another one is sent in its place.
      const secret = partAt(body, 'data', textAt(mutation, 'name'), 'secret');
      if (secret === undefined) {
        const [after] = listAt(await refusal(id), 'diagnosis');
        expect(after).toMatchObject({ reasonThen: each.reason, reasonNow: null, remedy: null });
      }
      const served = await server.query(typeof secret === 'string' ? secret : key, each.operation);
      expect(served).toMatchObject({ status: 200, body: { data: expect.any(Object) } });
      expect(served.body).not.toHaveProperty('errors');
    });

    it('gateway-failing: refusals of that time are recorded once the store is back', async () => {
      const { server } = world;
      const { key, accountId } = await withKey(world, await world.account(10));
      server.fail('findWallets', 'UNREACHABLE');
      server.fail('appendRefusals', 'UNREACHABLE');
      const gone = {
        cause: 'gateway-failing',
        reason: 'STORE_UNAVAILABLE',
        status: 503,
        check: 'STORE',
        mutation: null,
      };
      const id = await refuse(key, { ...gone, operation: '{ paid }' });
      // Not even who it is can be found out.
      server.fail('findApiKeys', 'UNREACHABLE');
      const unverified = await refuse(key, { ...gone, operation: '{ paid }' });
      expect(await refusal(id)).toBe(null);

      server.recover();
      for (const [each, owner] of [
        [id, accountId],
        [unverified, null],
      ] as const) {
        const found = await refusal(each);
        expect(found).toMatchObject({ reason: gone.reason, status: 503, accountId: owner });
        const [diagnosis] = listAt(found, 'diagnosis');
        expect(diagnosis).toMatchObject({ reasonThen: gone.reason, reasonNow: null, remedy: null });
        expect(passed(diagnosis, 'passedThen')).toMatchObject({ STORE: false });
        expect(passed(diagnosis, 'passedNow')).toMatchObject({ STORE: true });
      }
      expect(await server.query(key, '{ paid }')).toMatchObject({ status: 200, body: { data: { paid: 'paid' } } });
    });

    it('gateway-failing: a charge that could not be confirmed is recorded, also where the store is away for that', async () => {
      const { server } = world;
      const { key, accountId } = await withKey(world, await world.account(10));
      // The hold is made; what comes after it is not confirmed.
      server.fail('commitWallets', 'GONE_AFTERWARDS', 1);
      const { status, body } = await server.query(key, '{ paid }');
      expect({ status, reason: textAt(body, 'errors', 0, 'extensions', 'reason') }).toEqual({
        status: 503,
        reason: 'STORE_UNAVAILABLE',
      });
      server.recover();
      const found = await refusal(textAt(body, 'errors', 0, 'extensions', 'refusalId'));
      expect(found).toMatchObject({
        reason: 'STORE_UNAVAILABLE',
        status: 503,
        accountId,
        operationHash: expect.any(String),
        requestId: expect.any(String),
      });
      const [diagnosis] = listAt(found, 'diagnosis');
      expect(diagnosis).toMatchObject({ reasonThen: 'STORE_UNAVAILABLE', reasonNow: null, remedy: null });
      expect(passed(diagnosis, 'passedThen')).toMatchObject({ STORE: false });
    });

    it('excessive-requests: a plan with more requests a minute lets the same request through', async () => {
      const rateLimits = { keyless: 2, keyed: null, badKeys: null, windowSeconds: 60 };
      // Requests are counted by the clock of the machine.
      const limited = await World.open({ database, rateLimits, now: Date.now });
      try {
        const slow = await limited.plan({ requestsPerMinute: 2 });
        const fast = await limited.plan({ requestsPerMinute: 50, amountMinor: 9_900 });
        const { key, accountId } = await withKey(limited, await limited.subscribed(slow));
        const send = () => limited.server.query(key, '{ covered }');
        await send();
        await send();
        const { status, body } = await send();
        expect(status).toBe(429);
        expect(body).toMatchObject({
          errors: [{ extensions: { reason: 'RATE_LIMITED', docs: 'https://atlas.test/errors/excessive-requests' } }],
        });
        const id = textAt(body, 'errors', 0, 'extensions', 'refusalId');
        const found = partAt(await limited.ask(REFUSAL, { id }), 'refusal');
        expect(found).toMatchObject({ accountId, status: 429, reason: 'RATE_LIMITED', requestId: expect.any(String) });
        const [diagnosis] = listAt(found, 'diagnosis');
        for (const when of ['passedThen', 'passedNow'] as const) {
          expect(passed(diagnosis, when)).toMatchObject({ KEY: true, AUTHORISATION: true, RATE: false, BALANCE: null });
        }
        const mutation = partAt(diagnosis, 'remedy', 'mutation');
        expect(mutation).toMatchObject({ name: 'changeSubscription', variables: { accountId, planId: fast } });
        const variables = partAt(mutation, 'variables') as Args;
        const changed = await limited.server.admin(OWNER, textAt(mutation, 'document'), variables);
        expect(changed.body).not.toHaveProperty('errors');
        expect(await send()).toMatchObject({ status: 200, body: { data: { covered: 'covered' } } });

        // Who has no key gets in again when the window is over, and by nothing else.
        const keyless = () => limited.server.query(null, '{ free }');
        await keyless();
        await keyless();
        const refused = partAt((await keyless()).body, 'errors', 0, 'extensions', 'refusalId');
        const anonymous = partAt(await limited.ask(REFUSAL, { id: refused }), 'refusal');
        expect(anonymous).toMatchObject({ accountId: null, keyId: null, status: 429, reason: 'RATE_LIMITED' });
        expect(partAt(listAt(anonymous, 'diagnosis')[0], 'remedy')).toMatchObject({
          remedy: 'SLOW_DOWN',
          mutation: null,
        });
      } finally {
        await limited.server.close();
      }
    });

    it('what was refused in part is recorded with what it was refused for', async () => {
      const { key, accountId } = await withKey(world, await world.account(7));
      const { body } = await world.server.query(key, 'query Part { paid more: paid covered free }');
      expect(body).toMatchObject({ data: { paid: 'paid', more: null, covered: null, free: 'free' } });
      const id = textAt(body, 'errors', 0, 'extensions', 'refusalId');
      expect(await refusal(id)).toMatchObject({
        accountId,
        status: 200,
        reason: 'INSUFFICIENT_FUNDS',
        operationName: 'Part',
        fields: [
          { coordinate: 'Query.paid', reason: 'INSUFFICIENT_FUNDS', required: 5, available: 2, resetAt: null },
          { coordinate: 'Query.covered', reason: 'SUBSCRIPTION_REQUIRED', required: null, available: null },
        ],
        diagnosis: [
          {
            reasonNow: 'INSUFFICIENT_FUNDS',
            remedy: { mutation: { name: 'grantCredits', variables: { credits: 3 } } },
          },
          { reasonNow: 'SUBSCRIPTION_REQUIRED', remedy: { mutation: { name: 'startSubscription' } } },
        ],
      });
    });

    it('refusals are found and counted by account, reason, feature, field, plan and time', async () => {
      const planId = await world.plan({ features: [{ feature: 'other' }] });
      const { key, accountId } = await withKey(world, await world.subscribed(planId));
      const from = new Date(world.clock).toISOString();
      const ids = [];
      for (const operation of ['{ covered }', '{ paid }', '{ covered }']) {
        const { body } = await world.server.query(key, operation);
        ids.unshift(textAt(body, 'errors', 0, 'extensions', 'refusalId'));
        world.clock += 1;
      }
      const LIST = `query ($filter: RefusalFilter, $after: String) {
        refusals(filter: $filter, first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`;
      const list = async (filter: Args) => {
        const first = await world.ask(LIST, { filter });
        const after = partAt(first, 'refusals', 'pageInfo', 'endCursor');
        const rest = await world.ask(LIST, { filter, after });
        return [first, rest].flatMap((page) => listAt(page, 'refusals', 'nodes').map((node) => partAt(node, 'id')));
      };
      const mine = { accountId, from };
      expect(await list({ accountId })).toEqual(ids);
      expect(await list({ planId })).toEqual(ids);
      expect(await list({ ...mine, reason: 'PLAN_UPGRADE_REQUIRED' })).toEqual([ids[0], ids[2]]);
      expect(await list({ ...mine, feature: 'paid' })).toEqual([ids[1]]);
      expect(await list({ ...mine, coordinate: 'Query.covered' })).toEqual([ids[0], ids[2]]);
      expect(await list({ ...mine, until: new Date(world.clock - 1).toISOString() })).toEqual([ids[1], ids[2]]);

      const STATS = `query ($filter: RefusalFilter) { refusalStats(filter: $filter, per: DAY) { total dropped
        byReason { value count } byFeature { value count } byPlan { value count } byAccount { value count }
        byCoordinate { value count } overTime { at count } } }`;
      const day = new Date(world.clock - (world.clock % DAY_MS)).toISOString();
      expect(await world.ask(STATS, { filter: mine })).toEqual({
        refusalStats: {
          total: 3,
          dropped: 0,
          byReason: [
            { value: 'PLAN_UPGRADE_REQUIRED', count: 2 },
            { value: 'INSUFFICIENT_FUNDS', count: 1 },
          ],
          byFeature: [
            { value: 'covered', count: 2 },
            { value: 'paid', count: 1 },
          ],
          byPlan: [{ value: planId, count: 3 }],
          byAccount: [{ value: accountId, count: 3 }],
          byCoordinate: [
            { value: 'Query.covered', count: 2 },
            { value: 'Query.paid', count: 1 },
          ],
          overTime: [{ at: day, count: 3 }],
        },
      });
    });

    const DIAGNOSE = `query ($accountId: ID!, $keyId: ID, $document: String!, $variables: JSON, $operationName: String) {
      diagnose(accountId: $accountId, keyId: $keyId, document: $document, variables: $variables, operationName: $operationName) {
        coordinate path reasonThen reasonNow checks { check passedThen passedNow }
        remedy { mutation { name document variables } } } }`;

    it('an operation is diagnosed before anybody sends it, and put right', async () => {
      const accountId = await world.account(4);
      const document = 'query One($units: Int!) { mine: paid(units: $units) free covered } query Two { free }';
      const asked = { accountId, document, variables: { units: 3 }, operationName: 'One' };
      const diagnose = async () => listAt(await world.ask(DIAGNOSE, asked), 'diagnose');
      const found = await diagnose();
      expect(found).toMatchObject([
        { coordinate: 'Query.paid', path: ['mine'], reasonThen: null, reasonNow: 'INSUFFICIENT_FUNDS' },
        { coordinate: 'Query.covered', path: ['covered'], reasonThen: null, reasonNow: 'SUBSCRIPTION_REQUIRED' },
      ]);
      for (const each of found) {
        const mutation = partAt(each, 'remedy', 'mutation');
        const { body } = await world.server.admin(
          OWNER,
          textAt(mutation, 'document'),
          partAt(mutation, 'variables') as Args,
        );
        expect(body).not.toHaveProperty('errors');
      }
      const after = await diagnose();
      expect(after.map((each) => partAt(each, 'reasonNow'))).toEqual([null, null]);
      expect(passed(after[1], 'passedNow')).toMatchObject({ SUBSCRIPTION: true, PLAN: true, LIMIT: true, STORE: true });
      expect(await world.ask(DIAGNOSE, { ...asked, operationName: 'Two' })).toEqual({ diagnose: [] });

      const { id: keyId } = await world.keyOf(accountId, { scopes: ['covered'] });
      const [scoped] = listAt(await world.ask(DIAGNOSE, { ...asked, keyId }), 'diagnose');
      expect(scoped).toMatchObject({
        reasonNow: 'SCOPE_MISSING',
        remedy: { mutation: { name: 'issueApiKey', variables: { scopes: ['covered', 'paid'] } } },
      });
    });

    it.each([
      ['accountId', { accountId: 'nobody' }, 'NOT_FOUND'],
      ['keyId', { keyId: 'none' }, 'NOT_FOUND'],
      ['document', { document: '{ nothing }' }, 'BAD_USER_INPUT'],
      ['document', { document: '{' }, 'BAD_USER_INPUT'],
      ['variables', { variables: [1] }, 'BAD_USER_INPUT'],
      ['operationName', { operationName: 'Other' }, 'BAD_USER_INPUT'],
    ])('says that %s is wrong', async (argument, changes, code) => {
      const variables = { accountId: await world.account(), document: '{ free }', ...changes };
      const { body } = await world.server.admin(OWNER, DIAGNOSE, variables);
      expect(body).toMatchObject({ errors: [{ extensions: { code, argument } }] });
    });

    it('says that a key is another account’s', async () => {
      const { id: keyId } = await world.keyOf(await world.account());
      const { body } = await world.server.admin(OWNER, DIAGNOSE, {
        accountId: await world.account(),
        keyId,
        document: '{ free }',
      });
      expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'keyId' } }] });
    });

    it('an unknown refusal is null, and a cursor that is none is said to be', async () => {
      expect(await refusal('none')).toBe(null);
      const { body } = await world.server.admin(OWNER, '{ refusals(after: "x") { nodes { id } } }');
      expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'after' } }] });
    });
  });
});

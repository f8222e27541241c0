/** Who may administer what, and for how long; and what of it others may keep. */
import { getDirective } from '@graphql-tools/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, partAt } from '../../support/bodies.js';
import { adminSchema, OWNER, PLAN, World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.server.close());

const codesOf = (body: unknown): readonly unknown[] =>
  listAt(body, 'errors').map((error) => partAt(error, 'extensions', 'code'));

describe('an operator', () => {
  it('who was removed does not administer any more, from that instant on', async () => {
    const { id, secret } = await world.operator('ADMIN');
    const me = () => world.server.admin(secret, '{ me { id } }');
    expect(await me()).toMatchObject({ status: 200, body: { data: { me: { id } } } });
    await world.do('removeOperator', { operatorId: id });
    expect(await me()).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
    const tried = await world.call('createAccount', { name: 'Acme' }, secret);
    expect(tried.status).toBe(401);
  });

  it('whose key was replaced is known by the new one alone, at once', async () => {
    const { id, secret } = await world.operator('ADMIN');
    const rotated = await world.do('rotateOperatorKey', { operatorId: id });
    const statusOf = async (key: string) => (await world.server.admin(key, '{ me { id } }')).status;
    expect(await statusOf(secret)).toBe(401);
    expect(await statusOf(String(partAt(rotated, 'secret')))).toBe(200);
  });

  it('gets no answer to a query that takes a role which they have not', async () => {
    const queries = Object.values(adminSchema.getQueryType()?.getFields() ?? {});
    const guarded = queries.filter((field) => (getDirective(adminSchema, field, 'requiresRole') ?? []).length > 0);
    expect(guarded.map(({ name }) => name)).toEqual(['operators']);
    const document = '{ operators { nodes { id } } }';
    const support = await world.operator('SUPPORT');
    const refused = await world.server.admin(support.secret, document);
    expect(refused.body).toMatchObject({ data: null, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    const admin = await world.operator('ADMIN');
    expect(codesOf((await world.server.admin(admin.secret, document)).body)).toEqual([]);
  });
});

describe('an answer of the admin API', () => {
  it('is never kept by whoever passes it on, whatever it says', async () => {
    const { request, admin } = world.server;
    const send = (body: string, key: string | null = OWNER) =>
      request('/admin/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
        body,
      });
    world.server.fail('findOperators', 'UNREACHABLE');
    const away = await admin(OWNER, '{ me { id } }');
    world.server.recover();
    const answers = [
      await admin(OWNER, '{ me { id } }'),
      await world.call('createAccount', { name: 'Acme' }),
      await world.call('createAccount', { name: '' }),
      await admin(OWNER, '{ nothing }'),
      await admin(null, '{ me { id } }'),
      await send('{ no json'),
      away,
    ];
    expect(answers.map(({ status, headers }) => [status, headers['cache-control']])).toEqual([
      [200, 'no-store'],
      [200, 'no-store'],
      [200, 'no-store'],
      [400, 'no-store'],
      [401, 'no-store'],
      [400, 'no-store'],
      [503, 'no-store'],
    ]);
  });
});

describe('a key', () => {
  it('that was to end soon ends then also where it was rotated with a longer overlap', async () => {
    const expiresAt = new Date(world.clock + 10_000).toISOString();
    const before = await world.keyOf(await world.account(), { expiresAt });
    await world.do('rotateApiKey', { keyId: before.id, overlapSeconds: 60 });
    const statusOf = async () => (await world.server.query(before.secret, '{ free }')).status;
    world.clock += 9_999;
    expect(await statusOf()).toBe(200);
    world.clock += 1;
    expect(await statusOf()).toBe(401);
  });
});

describe('a plan', () => {
  it('that an operator changes is on sale at once, however long plans are remembered', async () => {
    const remembering = await World.open({ planRefreshMs: 3_600_000 });
    const offers = async () => {
      const { body } = await remembering.server.query(null, '{ billing { plans { id version name } } }');
      return partAt(body, 'data', 'billing', 'plans');
    };
    expect(await offers()).toEqual([]);
    const planId = await remembering.plan();
    expect(await offers()).toEqual([{ id: planId, version: 2, name: 'Pro' }]);
    await remembering.do('editPlan', { planId, version: 2, plan: { ...PLAN, name: 'Better' } });
    expect(await offers()).toEqual([{ id: planId, version: 3, name: 'Better' }]);
    await remembering.do('archivePlan', { planId, version: 3 });
    expect(await offers()).toEqual([]);
    await remembering.server.close();
  });

  it('is taken in with warnings of what covers nothing, and a key of what allows nothing', async () => {
    const planId = world.name('plan');
    const features = [{ feature: 'covered' }, { feature: 'coverd' }];
    expect(await world.do('createPlanDraft', { planId, plan: { ...PLAN, features } })).toMatchObject({
      warnings: ['No price of this server names the feature "coverd".'],
    });
    const scopes = ['paid', 'Query.covered', 'Query.coverd'];
    expect(await world.do('issueApiKey', { accountId: await world.account(), scopes })).toMatchObject({
      warnings: ['No price of this server names "Query.coverd", so that this scope allows nothing.'],
    });
  });
});

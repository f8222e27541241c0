/** What operators do whose effect is seen later: keys that overlap, plans that take over, migrations in batches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/period.js';
import { listAt, partAt } from '../../support/bodies.js';
import { PLAN, textAt, World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.server.close());

const statusOf = async (key: string): Promise<number> => (await world.server.query(key, '{ free }')).status;

describe('usage', () => {
  it('is told to its account and to operators alike, by what they ask for', async () => {
    const accountId = await world.account(100);
    const { secret } = await world.keyOf(accountId);
    const day = new Date(world.clock).toISOString().slice(0, '2026-01-01'.length);
    await world.do('startSubscription', { accountId, planId: await world.plan() });
    await world.server.query(secret, '{ paid(units: 2) covered }');
    const counts = 'day coordinate positions units credits coveredUnits refundedCredits refundedUnits';
    const args = `from: "${day}", to: "${day}", by: [DAY, COORDINATE]`;
    const nothing = { credits: 0, refundedCredits: 0, refundedUnits: 0 };
    const usage = [
      { day, coordinate: 'Query.covered', positions: 1, units: 1, coveredUnits: 1, ...nothing },
      { day, coordinate: 'Query.paid', positions: 1, units: 2, coveredUnits: 2, ...nothing },
    ];
    const mine = await world.server.query(secret, `{ billing { usage(${args}) { ${counts} } } }`);
    expect(mine.body).toEqual({ data: { billing: { usage } } });
    expect(await world.ask(`{ usage(accountId: "${accountId}", ${args}) { ${counts} } }`)).toEqual({ usage });
    const sum = await world.ask(
      `{ usage(accountId: "${accountId}", from: "${day}", to: "${day}", by: []) { day units } }`,
    );
    expect(sum).toEqual({ usage: [{ day: null, units: 3 }] });
    const nobody = await world.server.query(null, `{ billing { usage(${args}) { day } } }`);
    expect(nobody.body).toEqual({ data: { billing: { usage: [] } } });
  });

  it.each([
    ['a day that is none', 'from: "2026-02-30", to: "2026-03-01"', 'from'],
    ['a day in other words', 'from: "2026-02-01", to: "March"', 'to'],
    ['more than a year', 'from: "2024-01-01", to: "2025-01-01"', 'to'],
  ])('is refused for %s', async (_name, args, argument) => {
    const { body } = await world.server.query(null, `{ billing { usage(${args}) { day } } }`);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', argument } }] });
  });

  it('counts what operators give back on the day when they do', async () => {
    const { accountId, holdId } = await world.charged();
    await world.do('refundCharge', { accountId, holdId, credits: 3, reason: 'Complaint' });
    const day = new Date(world.clock).toISOString().slice(0, '2026-01-01'.length);
    const asked = `{ usage(accountId: "${accountId}", from: "${day}", to: "${day}") { coordinate credits refundedCredits } }`;
    expect(await world.ask(asked)).toEqual({ usage: [{ coordinate: null, credits: 10, refundedCredits: 3 }] });
  });
});

describe('the budget of a key', () => {
  it('is shown to whoever uses it, with what was spent, and to operators', async () => {
    const resetAt = new Date((Math.floor(world.clock / DAY_MS) + 1) * DAY_MS).toISOString();
    const accountId = await world.account(100);
    const { id, secret } = await world.keyOf(accountId, { budget: { credits: 15, per: 'DAY' } });
    await world.server.query(secret, '{ paid(units: 2) }');
    const budget = { credits: 15, per: 'DAY', spent: 10, resetAt };
    const shown = await world.server.query(
      secret,
      '{ billing { apiKey { id budget { credits per spent resetAt } } quote(document: "{ paid(units: 2) }") { refusals { reason } } } }',
    );
    expect(shown.body).toEqual({
      data: { billing: { apiKey: { id, budget }, quote: { refusals: [{ reason: 'KEY_BUDGET_REACHED' }] } } },
    });
    const listed = '{ account(id: "ID") { apiKeys { nodes { id budget { credits per spent resetAt } } } } }';
    expect(await world.ask(listed.replace('ID', accountId))).toEqual({
      account: { apiKeys: { nodes: [{ id, budget }] } },
    });
    const free = await world.keyOf(accountId);
    const both = await world.server.query(free.secret, '{ billing { apiKey { id budget { credits } } } paid }');
    expect(both.body).toMatchObject({ data: { billing: { apiKey: { id: free.id, budget: null } }, paid: 'paid' } });
    const nobody = await world.server.query(null, '{ billing { apiKey { id } } }');
    expect(nobody.body).toEqual({ data: { billing: { apiKey: null } } });
  });
});

describe('a key', () => {
  it('that was rotated is good for its overlap, beside the new one', async () => {
    const before = await world.keyOf(await world.account());
    const rotated = await world.do('rotateApiKey', { keyId: before.id, overlapSeconds: 60 });
    const after = textAt(rotated, 'secret');
    world.clock += 59_999;
    expect([await statusOf(before.secret), await statusOf(after)]).toEqual([200, 200]);
    world.clock += 1;
    expect([await statusOf(before.secret), await statusOf(after)]).toEqual([401, 200]);
  });

  it('that was revoked or is over by date is over at once', async () => {
    const account = await world.account();
    const [revoked, expired] = [await world.keyOf(account), await world.keyOf(account)];
    await world.do('revokeApiKey', { keyId: revoked.id });
    await world.do('expireApiKey', { keyId: expired.id, expiresAt: new Date(world.clock + 1).toISOString() });
    expect([await statusOf(revoked.secret), await statusOf(expired.secret)]).toEqual([401, 200]);
    world.clock += 1;
    expect(await statusOf(expired.secret)).toBe(401);
  });

  it('of a suspended account is refused what is paid until the account is resumed', async () => {
    const accountId = await world.account(100);
    const { secret } = await world.keyOf(accountId);
    const paid = async () => (await world.server.query(secret, '{ paid }')).status;
    await world.do('suspendAccount', { accountId });
    expect(await paid()).toBe(403);
    await world.do('resumeAccount', { accountId });
    expect(await paid()).toBe(200);
  });
});

describe('another plan', () => {
  const ACCOUNT = `query ($id: ID!) { account(id: $id) { balance { available }
    subscription { planId state change { planId } } } }`;
  const seen = async (id: string) => partAt(await world.ask(ACCOUNT, { id }), 'account');
  const available = async (id: string) => partAt(await seen(id), 'balance', 'available');

  it('at the period’s end takes over with the next payment, which gives its credits', async () => {
    const next = await world.plan({ creditsPerPeriod: 70, interval: 'YEAR' });
    const accountId = await world.subscribed(await world.plan({ creditsPerPeriod: 10 }));
    const { secret } = await world.keyOf(accountId);
    await world.do('changeSubscription', { accountId, planId: next, when: 'PERIOD_END' });
    expect(await seen(accountId)).toMatchObject({
      balance: { available: 10 },
      subscription: { change: { planId: next } },
    });
    await world.do('recordPayment', { accountId });
    world.clock += 32 * DAY_MS;
    expect(await seen(accountId)).toEqual({
      balance: { available: 70 },
      subscription: { planId: next, state: 'ACTIVE', change: null },
    });
    const { body } = await world.server.query(secret, '{ billing { balance { available } } }');
    expect(partAt(body, 'data', 'billing', 'balance', 'available')).toBe(70);
  });

  it('now adds credits in proportion once a period, however often it goes to and fro', async () => {
    const small = await world.plan({ creditsPerPeriod: 10 });
    const large = await world.plan({ creditsPerPeriod: 100 });
    const accountId = await world.subscribed(small);
    const credits: unknown[] = [];
    for (const planId of [large, small, large]) {
      await world.do('changeSubscription', { accountId, planId });
      credits.push(await available(accountId));
    }
    expect(credits).toEqual([100, 100, 100]);
  });

  it('that lost the race adds nothing, and what it adds once it is tried again', async () => {
    const accountId = await world.subscribed(await world.plan({ creditsPerPeriod: 10 }));
    const large = await world.plan({ creditsPerPeriod: 100 });
    world.server.slowDown(5);
    const [changed] = await Promise.all([
      world.call('changeSubscription', { accountId, planId: large }),
      world.call('recordPayment', { accountId }),
    ]);
    world.server.slowDown(0);
    // The change has credits to grant before it is saved, so the payment is first.
    expect(changed.body).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] });
    expect(await available(accountId)).toBe(10);
    await world.do('changeSubscription', { accountId, planId: large });
    expect(await seen(accountId)).toMatchObject({ balance: { available: 100 }, subscription: { planId: large } });
  });

  it('whose credits could not be written when it was saved gives them with the next use', async () => {
    const accountId = await world.subscribed(await world.plan({ creditsPerPeriod: 10 }));
    const large = await world.plan({ creditsPerPeriod: 100 });
    const { secret } = await world.keyOf(accountId);
    await world.server.query(secret, '{ billing { balance { available } } }');
    world.server.fail('commitWallets', 'UNREACHABLE');
    const { body } = await world.call('changeSubscription', { accountId, planId: large });
    world.server.recover();
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] });
    const used = await world.server.query(secret, '{ billing { balance { available } subscription { plan { id } } } }');
    expect(used.body).toMatchObject({
      data: { billing: { balance: { available: 100 }, subscription: { plan: { id: large } } } },
    });
  });
});

it('a migration goes on where it was stopped, and says when it is through', async () => {
  const planId = await world.plan();
  for (let account = 0; account < 5; account += 1) await world.subscribed(planId);
  await world.do('editPlan', { planId, version: 2, plan: PLAN });
  const move = async (after: unknown) =>
    world.do('migrateSubscriptions', { planId, fromVersion: 2, toVersion: 3, first: 2, after });
  const first = await move(null);
  const second = await move(partAt(first, 'endCursor'));
  // Stopped here, and begun anew without the cursor: those that were moved are not met again.
  const third = await move(null);
  expect([first, second, third].map((each) => [partAt(each, 'moved'), partAt(each, 'hasMore')])).toEqual([
    [2, true],
    [2, true],
    [1, false],
  ]);
  const data = await world.ask(
    `query ($id: ID) { moved: subscriptions(planId: $id, planVersion: 3) { nodes { id } }
      left: subscriptions(planId: $id, planVersion: 2) { nodes { id } } }`,
    { id: planId },
  );
  expect([listAt(data, 'moved', 'nodes').length, listAt(data, 'left', 'nodes').length]).toEqual([5, 0]);
});

/** What an account used is counted where charges are: exact where something is held, and without a write of its own. */
import { execute, parse } from 'graphql';
import { afterEach, expect, it } from 'vitest';
import { createAccount, grantCredits, saveSubscription } from '../../../../src/admin/library.js';
import { accountId, planId, subscriptionId } from '../../../../src/domain/ids.js';
import type { AccountId } from '../../../../src/domain/ids.js';
import { NO_USAGE } from '../../../../src/domain/usage.js';
import type { UsageSum } from '../../../../src/domain/usage.js';
import { createPaywall } from '../../../../src/paywall/createPaywall.js';
import { conclude } from '../../../../src/paywall/opening.js';
import { payment } from '../../../../src/paywall/gate/payment.js';
import type { Paywall } from '../../../../src/paywall/paywall.js';
import { allowance, NOW, plan, subscription } from '../../../support/domain.js';
import { onEachStore } from '../../../support/onEachStore.js';
import { troubledStore } from '../../ledger/troubledStore.js';
import type { TroubledStore } from '../../ledger/troubledStore.js';
import { schemaOf } from '../ready.js';

const schema = schemaOf(
  `type Query {
     bought(units: Int! = 1): String @requiresPayment(feature: "other", cost: 2, multipliers: ["units"])
     limited(units: Int! = 1): String @requiresPayment(feature: "limited", cost: 1, multipliers: ["units"])
     covered: String @requiresPayment(feature: "covered")
     half(units: Int! = 1): String @requiresPayment(feature: "limited", multipliers: ["units"])
     nothing: String @requiresPayment(feature: "covered")
   }`,
  {
    Query: {
      bought: () => 'mine',
      limited: () => 'some',
      covered: () => 'all',
      half: (_root, { units }: { units: number }, _context, info) => {
        payment.report(info, units / 2);
        return 'half of it';
      },
      nothing: () => null,
    },
  },
);

const ANN = accountId('ann');
const DAY = '2025-01-16';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

onEachStore(({ name, database }) => {
  const subscribed = async (): Promise<TroubledStore & { readonly paywall: Paywall; readonly ask: Ask }> => {
    const { store: real, drop } = await database();
    const troubled = troubledStore(real);
    const paywall = createPaywall({
      schema,
      store: troubled.store,
      now: () => NOW,
      planRefreshMs: 0,
      fixedKeys: new Map([['ann', ANN]]),
    });
    closing.push(paywall.close, () => real.close(), drop);
    await createAccount(paywall.engine, { id: ANN, name: 'Ann' });
    await grantCredits(paywall.engine, ANN, { id: 'start', credits: 100, reason: 'A test' });
    const limited = allowance('limited', { limit: { units: 5, per: 'DAY' }, whenExhausted: 'CREDITS' });
    await real.savePlans([plan({ id: planId('own'), features: [allowance('covered'), limited] })]);
    const its = { id: subscriptionId('sub'), accountId: ANN, planId: planId('own') };
    await saveSubscription(paywall.engine, subscription(its));
    const ask: Ask = async (document, idempotencyKey) =>
      paywall.execute({
        document,
        idempotencyKey,
        contextValue: { tollgate: { caller: await paywall.identify('Bearer ann') } },
      });
    return { ...troubled, paywall, ask };
  };

  const usageOf = async (paywall: Paywall, account: AccountId = ANN): Promise<readonly UsageSum[]> => {
    await paywall.engine.usage.flush();
    const query = { from: '2025-01-01', to: '2025-12-31', by: ['DAY', 'COORDINATE'], first: 100 } as const;
    return paywall.engine.store.sumUsage(account, query);
  };

  const row = (coordinate: string, counts: Partial<UsageSum>): UsageSum => ({
    day: DAY,
    coordinate,
    ...NO_USAGE,
    ...counts,
  });

  it(`on ${name}, what was delivered is counted by field: charged, covered by a limit, and covered without one`, async () => {
    const { paywall, ask } = await subscribed();
    await ask('{ bought(units: 3) limited(units: 7) covered again: covered nothing }');
    await ask('{ bought covered }');
    expect(await usageOf(paywall)).toEqual([
      row('Query.bought', { positions: 2, units: 4, credits: 8 }),
      row('Query.covered', { positions: 3, units: 3, coveredUnits: 3 }),
      row('Query.limited', { positions: 1, units: 7, credits: 2, coveredUnits: 5 }),
    ]);
  });

  it(`on ${name}, what a resolver reports is counted, and what is refused is not`, async () => {
    const { paywall, ask } = await subscribed();
    await ask('{ half(units: 4) }');
    await ask('{ half(units: 6) covered }');
    expect(await usageOf(paywall)).toEqual([
      row('Query.covered', { positions: 1, units: 1, coveredUnits: 1 }),
      row('Query.half', { positions: 1, units: 2, coveredUnits: 2 }),
    ]);
  });

  it(`on ${name}, fields that a plan covers without a limit cost no call of the store for their usage`, async () => {
    const { paywall, ask, batchesOf } = await subscribed();
    const writes = () => [...batchesOf('commitWallets'), ...batchesOf('appendUsage')].length;
    await ask('{ covered }');
    const before = writes();
    for (let n = 0; n < 20; n += 1) await ask('{ covered }');
    expect(writes()).toBe(before);
    expect(await usageOf(paywall)).toEqual([row('Query.covered', { positions: 21, units: 21, coveredUnits: 21 })]);
    expect(writes()).toBe(before + 1);
  });

  it(`on ${name}, a paid operation costs as many writes as without usage: its hold and its capture`, async () => {
    const { ask, batchesOf } = await subscribed();
    const before = batchesOf('commitWallets').length;
    for (let n = 0; n < 5; n += 1) await ask('{ bought }');
    expect(batchesOf('commitWallets').length - before).toBe(10);
  });

  it(`on ${name}, a capture whose reply was lost is counted once, and so is what was gathered`, async () => {
    const { paywall, ask, next } = await subscribed();
    next('commitWallets', null, 'REPLY_LOST');
    await ask('{ bought covered }');
    await ask('{ covered }');
    next('commitWallets', 'REPLY_LOST');
    expect(await usageOf(paywall)).toEqual([
      row('Query.bought', { positions: 1, units: 1, credits: 2 }),
      row('Query.covered', { positions: 2, units: 2, coveredUnits: 2 }),
    ]);
    await ask('{ covered }');
    next('commitWallets', 'FAILED');
    await paywall.engine.usage.flush();
    expect((await usageOf(paywall))[1]).toEqual(row('Query.covered', { positions: 3, units: 3, coveredUnits: 3 }));
  });

  it(`on ${name}, an operation with a key is counted once, however often it is sent`, async () => {
    const { paywall, ask } = await subscribed();
    for (let n = 0; n < 3; n += 1) await ask('{ bought limited covered }', 'key-1');
    for (let n = 0; n < 3; n += 1) await ask('{ covered }', 'key-2');
    expect(await usageOf(paywall)).toEqual([
      row('Query.bought', { positions: 1, units: 1, credits: 2 }),
      row('Query.covered', { positions: 2, units: 2, coveredUnits: 2 }),
      row('Query.limited', { positions: 1, units: 1, coveredUnits: 1 }),
    ]);
  });

  it(`on ${name}, an answer that could not be sent gives units back to their limit, and says so`, async () => {
    const { paywall, ask } = await subscribed();
    const contextValue = {};
    const caller = await paywall.identify('Bearer ann');
    const document = parse('{ limited(units: 4) bought }');
    const opening = await paywall.open({ document, caller, contextValue });
    const concluded = await conclude(
      opening,
      () => execute({ schema: paywall.schema, document, contextValue }),
      'EXECUTED',
    );
    await concluded.giveBack?.();
    expect(await usageOf(paywall)).toEqual([
      row('Query.bought', { positions: 1, units: 1, credits: 2, refundedCredits: 2 }),
      row('Query.limited', { positions: 1, units: 4, coveredUnits: 4, refundedUnits: 4 }),
    ]);
    expect(await ask('{ limited(units: 5) }')).toMatchObject({ extensions: { payment: { charged: 0, balance: 100 } } });
  });
});

type Ask = (document: string, idempotencyKey?: string) => Promise<unknown>;

/** Budgets of keys: what a key may spend is held, captured and given back as limits are, on one server and on two. */
import { afterEach, expect, it } from 'vitest';
import { createAccount, grantCredits, issueKey } from '../../../../src/admin/library.js';
import { actingAs } from '../../../../src/admin/acting.js';
import { rotateKey, setKeyBudget } from '../../../../src/admin/keys.js';
import { HOUR_MS } from '../../../../src/domain/period.js';
import { createPaywall } from '../../../../src/paywall/createPaywall.js';
import { payment } from '../../../../src/paywall/gate/payment.js';
import type { Paywall } from '../../../../src/paywall/paywall.js';
import { openStore } from '../../../../src/store/openStore.js';
import type { Store } from '../../../../src/store/store.js';
import { ALICE, NOW } from '../../../support/domain.js';
import { onEachStore } from '../../../support/onEachStore.js';
import { schemaOf } from '../ready.js';

const schema = schemaOf(
  `type Query {
     bought(units: Int! = 1): String @requiresPayment(cost: 1, multipliers: ["units"])
     half(units: Int! = 1): String @requiresPayment(cost: 1, multipliers: ["units"])
     nothing(units: Int! = 1): String @requiresPayment(cost: 1, multipliers: ["units"])
   }`,
  {
    Query: {
      bought: () => 'mine',
      half: (_root, { units }: { units: number }, _context, info) => {
        payment.report(info, units / 2);
        return 'half of it';
      },
      nothing: () => null,
    },
  },
);

interface Servers {
  readonly paywalls: readonly Paywall[];
  readonly stores: readonly Store[];
  /** What a key gets, by the server with this number. */
  readonly ask: (server: number, secret: string, document: string) => Promise<unknown>;
  clock: number;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

onEachStore(({ name, database }) => {
  const twoServers = async (): Promise<Servers> => {
    const { store, url, drop } = await database();
    const stores = [store, await openStore(url)];
    const now = () => servers.clock;
    const paywalls = stores.map((each) => createPaywall({ schema, store: each, now }));
    closing.push(...paywalls.map(({ close }) => close), ...stores.map((each) => () => each.close()), drop);
    const servers: Servers = {
      paywalls,
      stores,
      clock: NOW,
      ask: async (server, secret, document) => {
        const paywall = paywalls[server];
        if (paywall === undefined) throw new Error('There is no such server.');
        const caller = await paywall.identify(`Bearer ${secret}`);
        return paywall.execute({ document, contextValue: { tollgate: { caller } } });
      },
    };
    return servers;
  };

  const withBudget = async ({ paywalls: [paywall] }: Servers, credits: number, per: 'DAY' | 'HOUR' = 'DAY') => {
    if (paywall === undefined) throw new Error('There is no server.');
    const { engine } = paywall;
    await createAccount(engine, { id: ALICE, name: 'Alice' });
    await grantCredits(engine, ALICE, { id: 'start', credits: 1_000, reason: 'A test' });
    const { key, secret } = await issueKey(engine, ALICE, { budget: { credits, per } });
    return { keyId: key.id, secret, acting: () => actingAs(engine, { kind: 'system', name: 'test' }) };
  };

  const spentBy = async ({ stores: [store] }: Servers): Promise<readonly unknown[]> => {
    const [wallet] = (await store?.findWallets([ALICE])) ?? [];
    return (wallet?.counters ?? []).map(({ key, used }) => [key, used]);
  };

  const reached = (figures: object) => ({
    errors: [{ extensions: { reason: 'KEY_BUDGET_REACHED', remedy: 'RAISE_BUDGET', ...figures } }],
  });

  it(`on ${name}, two servers let a key spend its budget to the last credit, and no more`, async () => {
    const servers = await twoServers();
    const { keyId, secret } = await withBudget(servers, 25);
    const asked = Array.from({ length: 40 }, (_, n) => servers.ask(n % 2, secret, '{ bought }'));
    const answers = await Promise.all(asked);
    const served = answers.filter((answer) => JSON.stringify(answer).includes('"mine"'));
    expect(served).toHaveLength(25);
    expect(await servers.ask(1, secret, '{ bought }')).toMatchObject(
      reached({ required: 1, available: 0, retryable: true, resetAt: '2025-01-17T00:00:00.000Z' }),
    );
    expect(await spentBy(servers)).toEqual([[`budget/${keyId}`, 25]]);
  }, 60_000);

  it(`on ${name}, a budget is charged what was delivered and used, and gets back the rest`, async () => {
    const servers = await twoServers();
    const { keyId, secret } = await withBudget(servers, 10);
    expect(await servers.ask(0, secret, '{ nothing(units: 8) }')).toEqual({
      data: { nothing: null },
      extensions: { payment: { charged: 0, balance: 1_000, fields: [] } },
    });
    expect(await servers.ask(0, secret, '{ half(units: 8) }')).toMatchObject({
      extensions: { payment: { charged: 4, balance: 996 } },
    });
    expect(await spentBy(servers)).toEqual([[`budget/${keyId}`, 4]]);
    expect(await servers.ask(0, secret, '{ a: bought(units: 6) b: bought }')).toMatchObject({
      data: { a: 'mine', b: null },
      ...reached({ required: 1, available: 0 }),
    });
  });

  it(`on ${name}, a budget begins anew with its window, and counts when it is raised`, async () => {
    const servers = await twoServers();
    const { keyId, secret, acting } = await withBudget(servers, 5, 'HOUR');
    expect(await servers.ask(0, secret, '{ bought(units: 5) }')).toMatchObject({ data: { bought: 'mine' } });
    expect(await servers.ask(0, secret, '{ bought }')).toMatchObject(reached({ available: 0 }));
    await setKeyBudget(acting(), { keyId, budget: { credits: 7, per: 'HOUR' } }, null);
    expect(await servers.ask(1, secret, '{ bought(units: 3) }')).toMatchObject(reached({ required: 3, available: 2 }));
    expect(await servers.ask(1, secret, '{ bought(units: 2) }')).toMatchObject({ data: { bought: 'mine' } });
    servers.clock += HOUR_MS;
    expect(await servers.ask(0, secret, '{ bought(units: 7) }')).toMatchObject({ data: { bought: 'mine' } });
    await setKeyBudget(acting(), { keyId, budget: null }, null);
    expect(await servers.ask(0, secret, '{ bought(units: 100) }')).toMatchObject({ data: { bought: 'mine' } });
  });

  it(`on ${name}, a key that replaces another one goes on with its budget`, async () => {
    const servers = await twoServers();
    const { keyId, secret, acting } = await withBudget(servers, 5);
    await servers.ask(0, secret, '{ bought(units: 3) }');
    const rotated = await rotateKey(acting(), { keyId, overlapSeconds: 60 }, null);
    expect(rotated.apiKey.budget).toEqual({ credits: 5, per: 'DAY', countedAs: keyId });
    expect(await servers.ask(1, rotated.secret, '{ bought(units: 3) }')).toMatchObject(reached({ available: 2 }));
    expect(await servers.ask(1, rotated.secret, '{ bought }')).toMatchObject({ data: { bought: 'mine' } });
    expect(await servers.ask(0, secret, '{ bought(units: 2) }')).toMatchObject(reached({ available: 1 }));
  });
});

/** What an operation may ask for before it runs, and what it is charged in the end. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../../src/accounts/caller.js';
import { viewAt } from '../../../../src/domain/walletView.js';
import { allowance, NOW } from '../../../support/domain.js';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let ran: string[] = [];
let opened: ReadyPaywall[] = [];
afterEach(async () => {
  for (const { close } of opened) await close();
  [ran, opened] = [[], []];
});

/** `nearest` costs 1 a unit, and gives as many places. */
const nearest = async (): Promise<ReadyPaywall> => {
  const schema = schemaOf(
    `type Query {
       free: String
       nearest(first: Int! = 10): [String]
         @requiresPayment(feature: "geocoding", cost: 1, multipliers: ["first"])
       covered(first: Int! = 10): String @requiresPayment(feature: "geocoding", multipliers: ["first"])
       bought: String @requiresPayment(cost: 1)
     }`,
    {
      Query: {
        free: () => 'air',
        nearest: (_root, { first }: { first: number }) => {
          ran.push(`nearest ${first}`);
          return Array.from({ length: first }, (_, index) => `place ${index}`);
        },
        covered: (_root, { first }: { first: number }) => {
          ran.push(`covered ${first}`);
          return 'all';
        },
        bought: () => 'mine',
      },
    },
  );
  const ready = await readyPaywall(schema);
  opened.push(ready);
  return ready;
};

const used = async ({ paywall }: ReadyPaywall, { accountId }: Caller): Promise<number> => {
  const [wallet] = accountId === null ? [] : await paywall.engine.store.findWallets([accountId]);
  return wallet == null ? 0 : viewAt(wallet, NOW).counters.reduce((sum, counter) => sum + counter.used, 0);
};

const limitedTo = (units: number, whenExhausted: 'REFUSE' | 'CREDITS' = 'CREDITS') => [
  allowance('geocoding', { limit: { units, per: 'DAY' }, whenExhausted }),
];

describe('a position of zero units', () => {
  it('does not run for a caller who has nothing', async () => {
    const { run, callerWith } = await nearest();
    const refusal = { reason: 'INSUFFICIENT_FUNDS', required: 1, available: 0 };
    expect(await run(await callerWith(0), '{ free nearest(first: 0) }')).toMatchObject({
      data: { free: 'air', nearest: null },
      errors: [{ path: ['nearest'], extensions: refusal }],
    });
    expect(await run(await callerWith(0), '{ nearest(first: 0) }')).toMatchObject({
      errors: [{ extensions: refusal }],
    });
    expect(ran).toEqual([]);
  });

  it('runs for a caller who has the means of one, and takes none of them, in any place', async () => {
    const { run, callerWith, walletOf } = await nearest();
    const caller = await callerWith(10);
    expect(await run(caller, '{ a: nearest(first: 10) b: nearest(first: 0) }')).toMatchObject({
      data: { a: { length: 10 }, b: [] },
      extensions: { payment: { charged: 10, balance: 0 } },
    });
    expect(ran).toEqual(['nearest 10', 'nearest 0']);
    expect(await walletOf(caller)).toEqual({ available: 0, held: 0, holds: 0 });
  });

  it('does not run where its limit is used up, and counts for nothing where it is not', async () => {
    const ready = await nearest();
    const caller = await ready.callerWith(0);
    await ready.subscribe(caller, limitedTo(2));
    expect(await ready.run(caller, '{ covered(first: 0) }')).toMatchObject({ data: { covered: 'all' } });
    expect(await used(ready, caller)).toBe(0);
    await ready.run(caller, '{ covered(first: 2) }');
    expect(await ready.run(caller, '{ free covered(first: 0) }')).toMatchObject({
      data: { free: 'air', covered: null },
      errors: [{ extensions: { reason: 'LIMIT_REACHED', required: 1, available: 0 } }],
    });
    expect(ran).toEqual(['covered 0', 'covered 2']);
    expect(await used(ready, caller)).toBe(2);
  });
});

describe('a limit of which less is left than a position needs', () => {
  it('covers what it can where credits take over, and they pay for the rest', async () => {
    const ready = await nearest();
    const caller = await ready.callerWith(100);
    await ready.subscribe(caller, limitedTo(3));
    const document = '{ nearest(first: 8) }';
    expect(await ready.paywall.quote({ document, caller })).toMatchObject({
      credits: 5,
      isServed: true,
      fields: [{ coordinate: 'Query.nearest', positions: 1, units: 8, credits: 5, coveredBy: 'plan-of-account-0' }],
    });
    expect(await ready.run(caller, document)).toMatchObject({
      data: { nearest: { length: 8 } },
      extensions: {
        payment: {
          charged: 5,
          balance: 95,
          fields: [{ coordinate: 'Query.nearest', positions: 1, credits: 5, coveredBy: 'plan-of-account-0' }],
        },
      },
    });
    expect(await used(ready, caller)).toBe(3);
    expect(await ready.walletOf(caller)).toEqual({ available: 95, held: 0, holds: 0 });
  });

  it('refuses where credits don’t take over, or don’t suffice for the rest', async () => {
    const ready = await nearest();
    const [poor, bound] = [await ready.callerWith(4), await ready.callerWith(100)];
    await ready.subscribe(poor, limitedTo(3));
    await ready.subscribe(bound, limitedTo(3, 'REFUSE'));
    const refused = { errors: [{ extensions: { reason: 'LIMIT_REACHED', required: 8, available: 3 } }] };
    expect(await ready.run(poor, '{ nearest(first: 8) }')).toMatchObject(refused);
    expect(await ready.run(bound, '{ nearest(first: 8) }')).toMatchObject(refused);
    expect(ran).toEqual([]);
  });
});

describe('a key with scopes', () => {
  const withScopes = (caller: Caller, scopes: readonly string[]): Caller => ({ ...caller, scopes });
  const document = '{ free bought nearest(first: 1) }';

  it('may ask for what they name, by feature or by coordinate, and for nothing else that is paid', async () => {
    const { run, callerWith } = await nearest();
    const caller = await callerWith(100);
    const missing = (path: string) => ({
      path: [path],
      extensions: { reason: 'SCOPE_MISSING', remedy: 'CONTACT_SUPPORT' },
    });
    expect(await run(withScopes(caller, ['geocoding']), document)).toMatchObject({
      data: { free: 'air', bought: null, nearest: ['place 0'] },
      errors: [missing('bought')],
    });
    expect(await run(withScopes(caller, ['Query.bought']), document)).toMatchObject({
      data: { free: 'air', bought: 'mine', nearest: null },
      errors: [missing('nearest')],
    });
    expect(await run(withScopes(caller, []), document)).toMatchObject({
      data: { free: 'air', bought: null, nearest: null },
      errors: [missing('bought'), missing('nearest')],
    });
  });
});

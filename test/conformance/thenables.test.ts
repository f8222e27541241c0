/** Resolvers may answer promises that are not this realm's, which graphql-js hands on: they are waited for like any other. */
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readyPaywall, schemaOf } from '../unit/paywall/ready.js';
import type { ReadyPaywall } from '../unit/paywall/ready.js';

/** As a library that is older than `Promise` makes them: what its `then` answers is one of its own again. */
class Thenable {
  constructor(private readonly promise: Promise<unknown>) {}

  then(...handlers: Parameters<Promise<unknown>['then']>): Thenable {
    return new Thenable(this.promise.then(...handlers));
  }

  catch(handler: (reason: unknown) => unknown): Thenable {
    return new Thenable(this.promise.catch(handler));
  }
}

const MAKES: readonly (readonly [string, () => unknown])[] = [
  ['a library', () => new Thenable(Promise.resolve(1))],
  ['another realm', () => runInNewContext('Promise.resolve(1)') as unknown],
];

describe.each(MAKES)('a promise of %s', (_of, make) => {
  let ready: ReadyPaywall;
  beforeEach(async () => {
    ready = await readyPaywall(
      schemaOf(
        `type Query { buy: Int @requiresPayment(cost: 5) free: Int }
         type Mutation { buy: Int @requiresPayment(cost: 5) free: Int }`,
        { Query: { buy: make, free: make }, Mutation: { buy: make, free: make } },
      ),
    );
  });
  afterEach(() => ready.close());

  it.each([
    ['query { buy free }', { buy: 1, free: 1 }],
    ['mutation { buy }', { buy: 1 }],
    ['mutation { buy free }', { buy: 1, free: 1 }],
    ['mutation { free buy }', { free: 1, buy: 1 }],
  ])('is charged once it is there: %s', async (document, data) => {
    const caller = await ready.callerWith(9);
    const result = await ready.run(caller, document);
    expect(result).toMatchObject({ data, extensions: { payment: { charged: 5, balance: 4 } } });
    expect(await ready.walletOf(caller)).toEqual({ available: 4, held: 0, holds: 0 });
  });

  it('is kept for its Idempotency-Key once it is there', async () => {
    const caller = await ready.callerWith(9);
    const request = { document: 'mutation { buy }', contextValue: { tollgate: { caller } }, idempotencyKey: 'once' };
    const first = await ready.paywall.execute(request);
    expect(first).toMatchObject({ data: { buy: 1 }, extensions: { payment: { charged: 5 } } });
    expect(await ready.paywall.execute(request)).toEqual(first);
  });
});

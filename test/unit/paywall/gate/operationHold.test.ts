import { setImmediate as turn } from 'node:timers/promises';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callerContext, createPaywall, directiveTypeDefs, openStore } from '../../../../src/index.js';
import type { Paywall, Store } from '../../../../src/index.js';
import { accountId } from '../../../../src/domain/ids.js';
import { granting, ledgerOf } from '../../ledger/bookkeeping.js';
import { troubledStore } from '../../ledger/troubledStore.js';
import type { TroubledStore } from '../../ledger/troubledStore.js';

const ANN = accountId('ann');
const typeDefs = `
  type Query { lines(turns: Int!): [Line!] @listSize(assumedSize: 0) }
  type Line { text: String @requiresPayment(cost: 5) }
`;
/** Each list arrives so many turns of the event loop later. */
const lines = async (_root: unknown, { turns }: { turns: number }) => {
  for (let n = 0; n < turns; n += 1) await turn();
  return [{ text: `after ${turns}` }];
};

describe('lists that were quoted to be empty, and are not', () => {
  let real: Store;
  let troubled: TroubledStore;
  let paywall: Paywall;
  beforeEach(async () => {
    real = await openStore('sqlite::memory:');
    troubled = troubledStore(real);
    const schema = makeExecutableSchema({ typeDefs: [directiveTypeDefs(), typeDefs], resolvers: { Query: { lines } } });
    const fixedKeys = new Map([['ann-key', ANN]]);
    paywall = createPaywall({ schema, store: troubled.store, fixedKeys });
    await paywall.engine.keeper.apply(ANN, granting('start', 100));
  });
  afterEach(async () => {
    await paywall.close();
    await real.close();
  });

  const run = async (document: string) =>
    paywall.execute({ document, contextValue: await callerContext(paywall, 'Bearer ann-key') });
  const charged = async () => (await ledgerOf(real, ANN)).slice(1).map(({ credits }) => credits);
  const held = async () => (await real.findWallets([ANN]))[0]?.holds.length;

  it.each([0, 1, 2, 3, 4, 8])('are charged together, %i turns apart', async (turns) => {
    const result = await run(`{ a: lines(turns: 0) { text } b: lines(turns: ${turns}) { text } }`);
    expect(result).toMatchObject({
      data: { a: [{ text: 'after 0' }], b: [{ text: `after ${turns}` }] },
      extensions: { payment: { charged: 10, balance: 90 } },
    });
    expect((await charged()).reduce((sum, each) => sum + each, 0)).toBe(-10);
    expect(await held()).toBe(0);
  });

  it('are charged also where the reply to what set them aside is lost', async () => {
    troubled.next('commitWallets', 'REPLY_LOST', 'REPLY_LOST', null);
    const result = await run('{ a: lines(turns: 0) { text } b: lines(turns: 2) { text } c: lines(turns: 4) { text } }');
    expect(result.extensions).toMatchObject({ payment: { charged: 15, balance: 85 } });
    expect((await charged()).reduce((sum, each) => sum + each, 0)).toBe(-15);
    expect(await held()).toBe(0);
  });

  it('are refused where they could not be set aside, and what came later is charged once', async () => {
    troubled.next('commitWallets', 'FAILED', null);
    const result = await run('{ a: lines(turns: 0) { text } b: lines(turns: 9) { text } }');
    expect(result).toMatchObject({
      data: { a: [{ text: null }], b: [{ text: 'after 9' }] },
      extensions: { payment: { charged: 5, balance: 95 } },
    });
    expect((await charged()).reduce((sum, each) => sum + each, 0)).toBe(-5);
    expect(await held()).toBe(0);
  });
});

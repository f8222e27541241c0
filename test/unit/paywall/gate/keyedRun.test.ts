/** An operation with a key that came to nothing is free to be sent again at once: its key does not stay locked. */
import { parse } from 'graphql';
import { afterEach, expect, it } from 'vitest';
import { grantCredits } from '../../../../src/admin/library.js';
import { createPaywall } from '../../../../src/paywall/createPaywall.js';
import { openStore } from '../../../../src/store/openStore.js';
import type { Store } from '../../../../src/store/store.js';
import { NOW } from '../../../support/domain.js';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let opened: ReadyPaywall[] = [];
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

const schema = schemaOf('type Query { a: Int @requiresPayment(cost: 3) }', { Query: { a: () => 1 } });

/** A store before whose next read of a wallet reaches its reader something happens. */
const interrupted = async (): Promise<{ store: Store; meanwhile: (work: () => Promise<unknown>) => void }> => {
  const real = await openStore('sqlite::memory:');
  let next: (() => Promise<unknown>) | null = null;
  const findWallets: Store['findWallets'] = async (ids) => {
    const found = await real.findWallets(ids);
    const work = next;
    next = null;
    await work?.();
    return found;
  };
  const store = new Proxy(real, {
    get: (target, verb) => {
      if (verb === 'findWallets') return findWallets;
      const value: unknown = Reflect.get(target, verb);
      return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
    },
  });
  return { store, meanwhile: (work) => (next = work) };
};

it('where another server took the credits between reading and holding', async () => {
  const { store, meanwhile } = await interrupted();
  const first = await readyPaywall(schema, { store });
  opened.push(first);
  const caller = await first.callerWith(3);
  const run = () =>
    first.paywall.execute({ document: '{ a }', contextValue: { tollgate: { caller } }, idempotencyKey: 'k' });
  const fixedKeys = new Map([['key', caller.accountId]]);
  const second = createPaywall({ schema, store, now: () => NOW, planRefreshMs: 0, fixedKeys });
  const there = await second.identify('Bearer key');
  meanwhile(() => second.execute({ document: '{ a }', contextValue: { tollgate: { caller: there } } }));
  expect(await run()).toMatchObject({ errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS' } }] });
  await grantCredits(second.engine, caller.accountId, { id: 'more', credits: 3, reason: 'A test' });
  await second.close();
  const again = await first.paywall.execute({
    document: '{ a }',
    contextValue: { tollgate: { caller: await caller.again() } },
    idempotencyKey: 'k',
  });
  expect(again).toMatchObject({ data: { a: 1 }, extensions: { payment: { charged: 3, balance: 0 } } });
});

it('where its answer was withheld, since no resolver of it delivered what is paid', async () => {
  const ready = await readyPaywall(schema);
  opened.push(ready);
  const caller = await ready.callerWith(9);
  const [document, { paywall }] = [parse('{ a }'), ready];
  const opening = await paywall.open({ document, caller, contextValue: { tollgate: { caller } }, idempotencyKey: 'k' });
  if (opening.kind !== 'open') throw new Error(`It is ${opening.kind}.`);
  expect(await opening.settle({ data: { a: 7 } }, 'ELSEWHERE')).toMatchObject({ extensions: { code: 'UNPAID_VALUE' } });
  await expect.poll(async () => (await ready.walletOf(caller)).held).toBe(0);
  const again = await paywall.execute({ document, contextValue: { tollgate: { caller } }, idempotencyKey: 'k' });
  expect(again).toMatchObject({ data: { a: 1 }, extensions: { payment: { charged: 3, balance: 6 } } });
});

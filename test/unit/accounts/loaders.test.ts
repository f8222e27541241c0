import { afterEach, beforeEach, expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { processLoaders, requestLoaders } from '../../../src/accounts/loaders.js';
import type { Loaders } from '../../../src/accounts/loaders.js';
import { openStore } from '../../../src/store/openStore.js';
import type { Store } from '../../../src/store/store.js';
import { barrier, troubledStore } from '../ledger/troubledStore.js';
import type { TroubledStore } from '../ledger/troubledStore.js';
import { walletOf } from '../../contract/store/storedValues.js';

const ACCOUNTS = Array.from({ length: 100 }, (_, n) => accountId(`account-${n}`));

let real: Store;
let troubled: TroubledStore;
let loaders: Loaders;
beforeEach(async () => {
  real = await openStore('sqlite::memory:');
  troubled = troubledStore(real);
  loaders = processLoaders(troubled.store);
  await real.commitWallets(ACCOUNTS.map((id) => walletOf(id, 5, 1)));
});
afterEach(() => real.close());

it('asks for what 100 requests need in one query, and for each key once per request', async () => {
  const read = await Promise.all(
    ACCOUNTS.map(async (id) => {
      const request = requestLoaders(loaders);
      const [once, again] = await Promise.all([request.accounts.load(id), request.accounts.load(id)]);
      expect(again).toBe(once);
      return once;
    }),
  );
  expect(read.map(({ wallet }) => wallet.accountId)).toEqual(ACCOUNTS);
  expect(troubled.batchesOf('findWallets')).toEqual([100]);
});

it('gathers what comes while a query is under way into the next one', async () => {
  const { wait, open } = barrier();
  troubled.whenever('findWallets', (ids) => (ids.length === 1 ? wait() : null));
  const [first, ...others] = ACCOUNTS;
  if (first === undefined) throw new Error('There are no accounts.');
  const begun = loaders.accounts.load(first);
  await expect.poll(() => troubled.batchesOf('findWallets').length).toBe(1);
  const later = others.map(async (id, index) => {
    for (let turn = 0; turn < index % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return loaders.accounts.load(id);
  });
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  open();
  await Promise.all([begun, ...later]);
  expect(troubled.batchesOf('findWallets').length).toBeLessThan(7);
});

it('does not let a query that hangs hold up the next ones', async () => {
  const { wait, open } = barrier();
  troubled.whenever('findWallets', (ids) => (ids.includes('account-0') ? wait() : null));
  const hanging = loaders.accounts.load(accountId('account-0'));
  await expect.poll(() => troubled.batchesOf('findWallets').length).toBe(1);
  expect(await loaders.accounts.load(accountId('account-1'))).toMatchObject({ wallet: { accountId: 'account-1' } });
  open();
  await hanging;
});

it('keeps a value that can’t be read from harming the others of its query', async () => {
  troubled.whenever('findWallets', (ids) => (ids.includes('account-7') ? 'CORRUPT' : null));
  const ends = await Promise.allSettled(ACCOUNTS.map((id) => requestLoaders(loaders).accounts.load(id)));
  const failed = ends.flatMap((end, index) => (end.status === 'rejected' ? [index] : []));
  expect(failed).toEqual([7]);
  expect(ends[7]).toMatchObject({ reason: { code: 'CORRUPT' } });
});

it('asks no further where the store can’t be reached', async () => {
  troubled.whenever('findWallets', () => 'UNREACHABLE');
  const ends = await Promise.allSettled(ACCOUNTS.map((id) => loaders.accounts.load(id)));
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(troubled.batchesOf('findWallets')).toEqual([100]);
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { keyHash } from '../../../src/accounts/keyHash.js';
import type { HashSecret } from '../../../src/accounts/keyHash.js';
import { openStore } from '../../../src/store/openStore.js';
import type { Store } from '../../../src/store/store.js';
import { observeStore } from '../../support/observedStore.js';

let store: Store;
let hash: HashSecret;
beforeEach(async () => {
  store = await openStore('sqlite::memory:');
  hash = keyHash(store, null);
});
afterEach(() => store.close());

it('gives the same for the same secret, whether or not it came before', async () => {
  const first = await hash('secret-of-somebody');
  expect(await hash('secret-of-somebody')).toBe(first);
  expect(await keyHash(store, null)('secret-of-somebody')).toBe(first);
  expect(await hash('secret-of-somebody-else')).not.toBe(first);
});

it('remembers what may be a key, and nothing that would fill the memory', async () => {
  const [short, long] = ['k'.repeat(256), 'k'.repeat(257)];
  await hash(short);
  await hash(long);
  expect(hash(short)).toBeTypeOf('string');
  expect(hash(long)).toBeInstanceOf(Promise);
});

it('asks the store again after it could not be asked once: no restart is needed', async () => {
  const observed = observeStore(store);
  observed.fail('keepSecret', 'UNREACHABLE', 1);
  const troubled = keyHash(observed.store, null);
  await expect(troubled('secret-of-somebody')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(await troubled('secret-of-somebody')).toBe(await hash('secret-of-somebody'));
});

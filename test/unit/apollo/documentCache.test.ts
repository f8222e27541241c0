/** Which documents are kept parsed. */
import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { DocumentCache } from '../../../src/apollo/documentCache.js';

const document = (length: number) => parse(`{ a } #${'x'.repeat(length - 7)}`);

it('a document is kept from the second time that it comes', async () => {
  const cache = new DocumentCache();
  const [first, second] = [document(10), document(10)];
  await cache.set('a', first);
  expect(await cache.get('a')).toBeUndefined();
  await cache.set('a', second);
  expect(await cache.get('a')).toBe(second);
  expect([await cache.delete('a'), await cache.delete('a'), await cache.get('a')]).toEqual([true, false, undefined]);
});

it('those that come once, however many, push nothing out', async () => {
  const cache = new DocumentCache();
  const used = document(10);
  for (let time = 0; time < 2; time += 1) await cache.set('used', used);
  const large = document(100_000);
  for (let sent = 0; sent < 10_000; sent += 1) await cache.set(`flood ${sent}`, large);
  expect(await cache.get('used')).toBe(used);
});

it('no more than so much of source text is kept, the latest of it', async () => {
  const cache = new DocumentCache();
  for (const key of ['first', 'second', 'third', 'third', 'second', 'first']) await cache.set(key, document(100_000));
  const kept = await Promise.all(['first', 'second', 'third'].map(async (key) => (await cache.get(key)) !== undefined));
  expect(kept).toEqual([true, true, false]);
});

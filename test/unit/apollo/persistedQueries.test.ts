import { expect, it } from 'vitest';
import { PersistedQueries } from '../../../src/apollo/persistedQueries.js';

it('keeps what was asked for lately, within a mebibyte, and forgets the rest', async () => {
  const queries = new PersistedQueries();
  await queries.set('mine', '{ mine }');
  const flood = 40;
  for (let at = 0; at < flood; at++) {
    await queries.set(`other ${at}`, 'x'.repeat(2 ** 16));
    expect(await queries.get('mine')).toBe('{ mine }');
  }
  const others = await Promise.all(Array.from({ length: flood }, (_, at) => queries.get(`other ${at}`)));
  expect(others.filter((each) => each !== undefined)).toHaveLength(15);
  expect(others.at(-1)).toHaveLength(2 ** 16);
  expect(await queries.delete('mine')).toBe(true);
  expect(await queries.get('mine')).toBeUndefined();
});

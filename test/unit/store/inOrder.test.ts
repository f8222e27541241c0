import { expect, it } from 'vitest';
import { inOrder } from '../../../src/store/inOrder.js';

it('answers each key in the order of the question, twice where it was asked twice, null where nothing was found', () => {
  const found = [
    { id: 'b', n: 2 },
    { id: 'a', n: 1 },
  ];
  expect(inOrder(['a', 'x', 'b', 'a'], found, ({ id }) => id)).toEqual([found[1], null, found[0], found[1]]);
});

it('answers nothing to no keys, whatever was found', () => {
  expect(inOrder([], [{ id: 'a' }], ({ id }) => id)).toEqual([]);
});

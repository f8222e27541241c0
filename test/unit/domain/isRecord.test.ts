import { expect, it } from 'vitest';
import { isRecord } from '../../../src/domain/isRecord.js';

it.each([
  [{}, true],
  [[], true],
  [null, false],
  [undefined, false],
  ['text', false],
  [1, false],
])('%j can be asked for its properties: %s', (value, expected) => {
  expect(isRecord(value)).toBe(expected);
});

import { expect, it } from 'vitest';
import { redact } from '../../../src/domain/audit.js';

it('an audit entry repeats plain data, and nothing that is secret', () => {
  const key = { id: 'k', secret: 'tg_1', secretHash: 'h', prefix: 'tg_', expiresAt: new Date(0), scopes: ['a', null] };
  expect(redact({ key, idempotencyKey: 'i', on: true, count: 2, none: undefined, password: 'p', tokens: 1 })).toEqual({
    key: { id: 'k', prefix: 'tg_', expiresAt: '1970-01-01T00:00:00.000Z', scopes: ['a', null] },
    on: true,
    count: 2,
    none: null,
  });
});

it('an audit entry cuts long texts and deep values off', () => {
  expect(redact('x'.repeat(1_000))).toBe('x'.repeat(1_000));
  expect(redact('x'.repeat(1_001))).toBe(`${'x'.repeat(1_000)}…`);
  const deep = [[[[[[[[['too deep']]]]]]]]];
  expect(JSON.stringify(redact(deep))).toBe('[[[[[[[["…"]]]]]]]]');
  const nested = Array.from({ length: 9 }).reduce<unknown>((inside) => ({ inside }), 'too deep');
  const nine = '{"inside":'.repeat(8);
  expect(JSON.stringify(redact(nested))).toBe(`${nine}"…"${'}'.repeat(8)}`);
});

it('an audit entry repeats what only sounds like an idempotency key', () => {
  const kept = { idempotencyKeys: 1, anIdempotencyKey: 2 };
  expect(redact({ ...kept, IdempotencyKey: 3 })).toEqual(kept);
});

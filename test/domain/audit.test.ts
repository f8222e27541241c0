import { expect, it } from 'vitest';
import { redact } from '../../src/domain/audit.js';

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
  expect(redact('x'.repeat(1_001))).toBe(`${'x'.repeat(1_000)}…`);
  const deep = [[[[[[[[['too deep']]]]]]]]];
  expect(JSON.stringify(redact(deep))).toBe('[[[[[[[["…"]]]]]]]]');
});

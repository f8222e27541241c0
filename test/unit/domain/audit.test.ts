import { expect, it } from 'vitest';
import { actorOf, attributionOf, redact } from '../../../src/domain/audit.js';
import type { Actor } from '../../../src/domain/audit.js';
import { operatorId } from '../../../src/domain/ids.js';
import { anAuditEntry } from '../../contract/store/storedValues.js';

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

it('an audit entry says who acted, in words that those who know operators alone can read too', () => {
  const operator: Actor = { kind: 'operator', id: operatorId('o'), role: 'ADMIN', from: '10.0.0.1' };
  const provider: Actor = { kind: 'provider', name: 'stripe', event: 'evt_1' };
  const system: Actor = { kind: 'system', name: 'library' };
  expect([operator, provider, system].map(attributionOf)).toEqual([
    { actor: operator, operatorId: 'o', role: 'ADMIN', from: '10.0.0.1' },
    { actor: provider, operatorId: 'provider:stripe', role: 'ADMIN', from: null },
    { actor: system, operatorId: 'system:library', role: 'OWNER', from: null },
  ]);
});

it('an audit entry from before others than operators could act is an operator’s', () => {
  const entry = anAuditEntry('old', 1);
  const { operatorId: id, role, from } = entry;
  expect(actorOf(entry)).toEqual({ kind: 'operator', id, role, from });
  const actor: Actor = { kind: 'system', name: 'library' };
  expect(actorOf({ ...entry, ...attributionOf(actor) })).toEqual(actor);
});

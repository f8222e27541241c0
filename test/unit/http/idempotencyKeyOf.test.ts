import { GraphQLError } from 'graphql';
import { expect, it } from 'vitest';
import { idempotencyKeyOf, keyedSubscription } from '../../../src/http/idempotencyKeyOf.js';

it.each([
  ['none', undefined, undefined, null],
  ['none, said in so many words', undefined, null, null],
  ['of the header', '"a key"', undefined, 'a key'],
  ['of the header, with blanks around it', '  "a key" ', undefined, 'a key'],
  ['of the header, with what must be escaped', '"a \\"quoted\\" \\\\ key"', undefined, 'a "quoted" \\ key'],
  ['of the extensions', undefined, 'a key', 'a key'],
  ['of the header rather than the extensions', '"header"', 'extension', 'header'],
  ['as long as one may be', `"${'x'.repeat(255)}"`, undefined, 'x'.repeat(255)],
])('a key is read: %s', (_what, header, extension, key) => {
  expect(idempotencyKeyOf(header, extension)).toBe(key);
});

it.each([
  ['without quotes', 'key', undefined],
  ['empty', '""', undefined],
  ['too long', `"${'x'.repeat(256)}"`, undefined],
  ['with a quote that nothing escapes', '"a"b"', undefined],
  ['with what is no ASCII', '"ä"', undefined],
  ['two of them', '"a", "b"', undefined],
  ['a number', undefined, 7],
  ['an empty extension', undefined, ''],
  ['a list', undefined, ['a']],
])('a key that can’t be used is told: %s', (_what, header, extension) => {
  const fault = idempotencyKeyOf(header, extension);
  expect(fault).toBeInstanceOf(GraphQLError);
  expect(fault).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' } });
});

it('one header is no key of several operations, and what each has in its extensions is', () => {
  expect(idempotencyKeyOf('"a"', undefined, { isBatch: true })).toMatchObject({
    message:
      'One Idempotency-Key can’t be that of all operations of a batch. Give each its own, in extensions.idempotencyKey.',
    extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' },
  });
  expect(idempotencyKeyOf(undefined, 'a', { isBatch: true })).toBe('a');
  expect(idempotencyKeyOf(undefined, undefined, { isBatch: true })).toBeNull();
});

it('who sends one with a subscription is told that it takes none', () => {
  expect(keyedSubscription()).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' } });
});

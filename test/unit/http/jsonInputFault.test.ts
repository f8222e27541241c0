import { expect, it } from 'vitest';
import { jsonInputFault, jsonTextFault } from '../../../src/http/jsonInputFault.js';

const TOO_DEEP = 'A value in this request is nested more than 64 levels deep.';
const NO_TEXT = 'A text in this request is no Unicode: half of a surrogate pair stands alone in it.';
const nested = (depth: number): unknown => {
  let value: unknown = 'deepest';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

it('values up to 64 levels deep are taken, and none that is deeper', () => {
  expect(jsonInputFault(nested(64))).toBeNull();
  expect(jsonInputFault(nested(65))).toMatchObject({ message: TOO_DEEP, extensions: { code: 'BAD_USER_INPUT' } });
  expect(jsonTextFault(JSON.stringify(nested(64)))).toBeNull();
  expect(jsonTextFault(JSON.stringify(nested(65)))).toMatchObject({ message: TOO_DEEP });
});

it('brackets in a text, behind an escaped quote too, nest nothing', () => {
  expect(jsonTextFault(JSON.stringify({ a: '['.repeat(100), b: `"${'{'.repeat(100)}`, c: '\\' }))).toBeNull();
  expect(jsonTextFault(`{"a":"\\\\"${',"b":['.repeat(1)}${'['.repeat(70)}`)).toMatchObject({ message: TOO_DEEP });
});

it('brackets that are closed again don’t add up', () => {
  expect(jsonTextFault(`[${'[],{},'.repeat(100)}0]`)).toBeNull();
});

it('half of a surrogate pair is no text, as a value and as a name', () => {
  expect(jsonInputFault({ a: ['\ud800'] })).toMatchObject({ message: NO_TEXT, extensions: { code: 'BAD_USER_INPUT' } });
  expect(jsonInputFault({ '\udc00': 1 })).toMatchObject({ message: NO_TEXT });
  expect(jsonInputFault({ a: '😀', '😀': 1 })).toBeNull();
  expect(jsonInputFault({ a: '\ud800', '\udc00': 1 }, { isTextChecked: false })).toBeNull();
});

import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/domain/fingerprint.js';

/** FNV-1a in exact integers, written from the draft: to compare with. */
const fnv1a = (text: string, offset: bigint): string => {
  let hash = offset;
  for (let index = 0; index < text.length; index += 1) {
    hash = ((hash ^ BigInt(text.charCodeAt(index))) * 0x01000193n) & 0xffffffffn;
  }
  return hash.toString(36);
};

describe('a fingerprint', () => {
  it.each([[], ['hold', 5, null], ['ünï', { a: [1, 2] }], [2 ** 53 - 1, true]])(
    'is FNV-1a twice (%j)',
    (...content) => {
      const text = JSON.stringify(content);
      expect(fingerprint(...content)).toBe(`${fnv1a(text, 0x811c9dc5n)}.${fnv1a(text, 0x9747b28cn)}`);
    },
  );

  it('is the published value of FNV-1a for a known text', () => {
    expect(fnv1a('foobar', 0x811c9dc5n)).toBe((0xbf9cf968).toString(36));
  });

  it('tells contents apart that differ in a value, in order or in kind', () => {
    const contents = [['a', 1], ['a', 2], [1, 'a'], ['a', '1'], ['a1'], ['a', [1]], ['a', null], [], [[]]];
    expect(new Set(contents.map((content) => fingerprint(...content))).size).toBe(contents.length);
  });

  it('is short, whatever it is of', () => {
    expect(fingerprint('x'.repeat(100_000)).length).toBeLessThanOrEqual(15);
  });
});

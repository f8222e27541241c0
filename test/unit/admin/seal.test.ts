import { expect, it } from 'vitest';
import { seal, sealingKeyOf, unseal } from '../../../src/admin/seal.js';

const KEY = sealingKeyOf('tgo_somebody');
const NONCE_BYTES = 12;

it('opens what was sealed with the same key, and nothing else', () => {
  const sealed = seal(KEY, 'a secret, ünïcode');
  expect(unseal(KEY, sealed)).toBe('a secret, ünïcode');
  expect(unseal(sealingKeyOf('tgo_somebody-else'), sealed)).toBeNull();
  const bytes = Buffer.from(sealed, 'base64url');
  for (const index of [0, NONCE_BYTES, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(unseal(KEY, changed.toString('base64url'))).toBeNull();
  }
});

it('never uses a nonce twice: two that had one would give away what they say', () => {
  const nonces = Array.from({ length: 1_000 }, () =>
    Buffer.from(seal(KEY, 'the same'), 'base64url').subarray(0, NONCE_BYTES).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(1_000);
});

/**
 * Whoever reads how an operation is served, or steps through it, should seldom have to go back to a file that they have
 * left. At adc021b, measured by the same program: 260 returns in 62 files of a paid operation, 106 in 45 of a refused
 * one. A third of them is to stay away.
 */
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { measureHops } from '../support/hops/measure.mjs';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const TIME_TO_MEASURE_MS = 120_000;

let hops: Awaited<ReturnType<typeof measureHops>>;

beforeAll(async () => {
  hops = await measureHops(ROOT);
}, TIME_TO_MEASURE_MS);

describe('the journey of an operation through our own functions', () => {
  it('returns to files that it has left at most so often where it is paid', () => {
    expect(hops.paid.status).toBe(200);
    expect(hops.paid.returns).toBeLessThanOrEqual(173);
  });

  it('returns to files that it has left at most so often where it is refused with 402', () => {
    expect(hops.refused.status).toBe(402);
    expect(hops.refused.returns).toBeLessThanOrEqual(70);
  });
});

/** What is left to be done after an answer is tried again for as long as it is worth it, and no longer. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Background } from '../../../src/accounts/background.js';
import { StoreError } from '../../../src/store/storeError.js';
import type { StoreErrorCode } from '../../../src/store/storeError.js';

const MINUTE_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Work that fails with these errors, one after the other, and then goes well. */
const running = (...errors: readonly unknown[]) => {
  const failures: unknown[] = [];
  const background = new Background({ onFailure: (error) => failures.push(error) });
  const left = [...errors];
  const state = { calls: 0, isOver: false };
  const done = background
    .untilDone(async () => {
      state.calls += 1;
      if (left.length > 0) throw left.shift();
    })
    .then(() => (state.isOver = true));
  return { background, failures, state, done };
};

const away = (code: StoreErrorCode = 'UNREACHABLE') => new StoreError(code, 'The test says so.');
const forEver = Array.from({ length: 5_000 }, () => away());

it('is done once where it goes well', async () => {
  const { background, failures, state, done } = running();
  expect(background.length).toBe(1);
  await done;
  expect({ ...state, length: background.length, failures }).toEqual({
    calls: 1,
    isOver: true,
    length: 0,
    failures: [],
  });
});

it('is tried again once a second while the store is away, and is done when it is back', async () => {
  const { background, failures, state } = running(away(), away('OVERLOADED'), away());
  await vi.advanceTimersByTimeAsync(900);
  expect(state).toEqual({ calls: 1, isOver: false });
  await vi.advanceTimersByTimeAsync(2_200);
  expect({ ...state, length: background.length, failures: failures.length }).toEqual({
    calls: 4,
    isOver: true,
    length: 0,
    failures: 3,
  });
});

it('is given up after ten minutes, and has not been tried more often than once a second', async () => {
  const { background, state } = running(...forEver);
  await vi.advanceTimersByTimeAsync(9 * MINUTE_MS);
  expect({ isOver: state.isOver, length: background.length }).toEqual({ isOver: false, length: 1 });
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect({ isOver: state.isOver, length: background.length }).toEqual({ isOver: true, length: 0 });
  expect(state.calls).toBeGreaterThan(500);
  expect(state.calls).toBeLessThanOrEqual(601);
});

it.each([
  ['a store that is closed', away('CLOSED')],
  ['what would come again', new Error('A hold that is over is over.')],
])('is given up at once for %s', async (_why, error) => {
  const { failures, state, done } = running(error);
  await done;
  expect({ ...state, failures }).toEqual({ calls: 1, isOver: true, failures: [error] });
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inTime } from '../../../src/store/inTime.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('answers what the work comes to, and leaves no timer behind', async () => {
  const overdue = vi.fn(() => 'late');
  expect(await inTime(Promise.resolve('done'), 100, overdue)).toBe('done');
  expect([overdue.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
});

it('answers what is said for work that is overdue, from that millisecond on', async () => {
  const ended = vi.fn();
  const never = new Promise<string>(() => undefined);
  void inTime(never, 100, () => 'late').then(ended);
  await vi.advanceTimersByTimeAsync(99);
  expect(ended.mock.calls).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ended.mock.calls).toEqual([['late']]);
});

it('fails as the work fails, or as what is said for work that is overdue', async () => {
  await expect(inTime(Promise.reject(new Error('broken')), 100, () => 1)).rejects.toThrow('broken');
  const late = inTime(new Promise<number>(() => undefined), 100, () => {
    throw new Error('overdue');
  });
  const failing = expect(late).rejects.toThrow('overdue');
  await vi.advanceTimersByTimeAsync(100);
  await failing;
  expect(vi.getTimerCount()).toBe(0);
});

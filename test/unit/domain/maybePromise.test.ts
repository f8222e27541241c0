import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { whenReady } from '../../../src/domain/maybePromise.js';

const double = (value: number): number => value * 2;

describe('whenReady', () => {
  it('goes on at once with a value that is there', () => {
    expect(whenReady(2, double)).toBe(4);
    expect(whenReady(null, (value) => [value])).toEqual([null]);
    expect(whenReady({ then: 1 }, ({ then }) => then)).toBe(1);
  });

  it.each([
    ['of this realm', () => Promise.resolve(2)],
    ['of another realm', (): PromiseLike<number> => runInNewContext('Promise.resolve(2)') as Promise<number>],
  ])('waits for a promise %s', async (_, promised) => {
    const answer = whenReady(promised() as Promise<number>, double);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe(4);
  });

  it('hands on what a promise fails with, and does not go on', async () => {
    const fault = new Error('away');
    let goneOn = false;
    const answer = whenReady(Promise.reject<number>(fault), () => (goneOn = true));
    await expect(answer).rejects.toBe(fault);
    expect(goneOn).toBe(false);
  });
});

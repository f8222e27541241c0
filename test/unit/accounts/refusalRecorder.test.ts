/** Refusals are written behind the answers: in batches, again after a failure, and never more than there is room for. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefusalRecorder } from '../../../src/accounts/refusalRecorder.js';
import type { RefusalRecord } from '../../../src/domain/refusalRecord.js';
import { StoreError } from '../../../src/store/storeError.js';
import { aRefusalRecord } from '../../contract/store/storedValues.js';

const QUEUE_MAX = 10_000;
const BATCH_MAX = 500;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A recorder over a store that can be away, and what came of it. */
const running = () => {
  const batches: (readonly RefusalRecord[])[] = [];
  const failures: unknown[] = [];
  const state = { isAway: false, calls: 0 };
  const store = {
    appendRefusals: async (records: readonly RefusalRecord[]) => {
      state.calls += 1;
      if (state.isAway) throw new StoreError('UNREACHABLE', 'The store is away.');
      batches.push(records);
    },
  };
  const recorder = new RefusalRecorder(store, (error) => failures.push(error));
  const note = (count: number, changes: Partial<RefusalRecord> = {}) => {
    for (let n = 0; n < count; n += 1) recorder.note(aRefusalRecord(`r${recorder.noted}`, n, changes));
  };
  const counts = () => {
    const { noted, written, dropped, queued } = recorder;
    return { noted, written, dropped, queued };
  };
  return { recorder, state, batches, failures, note, counts };
};

it('writes what was noted within a moment of each other together, and nothing where nothing was', async () => {
  const { batches, note, counts } = running();
  note(2);
  expect(counts()).toEqual({ noted: 2, written: 0, dropped: 0, queued: 2 });
  await vi.advanceTimersByTimeAsync(600);
  note(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(batches.map((batch) => batch.map(({ id }) => id))).toEqual([['r0', 'r1'], ['r2']]);
  expect(counts()).toEqual({ noted: 3, written: 3, dropped: 0, queued: 0 });
});

it('writes no more than a bounded number a second, whatever comes', async () => {
  const { batches, note, counts } = running();
  note(4 * BATCH_MAX);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(batches.map(({ length }) => length)).toEqual([BATCH_MAX, BATCH_MAX]);
  expect(counts()).toMatchObject({ written: 2 * BATCH_MAX, queued: 2 * BATCH_MAX, dropped: 0 });
});

it('keeps what a store that is away does not take, says so once, and writes it when it is back', async () => {
  const { state, batches, failures, note, counts } = running();
  state.isAway = true;
  note(3);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(failures).toMatchObject([{ code: 'UNREACHABLE' }]);
  expect(counts()).toEqual({ noted: 3, written: 0, dropped: 0, queued: 3 });
  // Twice a second, and no more often.
  expect(state.calls).toBe(10);
  state.isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(batches.flat().map(({ id }) => id)).toEqual(['r0', 'r1', 'r2']);
  state.isAway = true;
  note(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failures).toHaveLength(2);
});

it('drops what there is no room for, and counts it', () => {
  const { state, note, counts } = running();
  state.isAway = true;
  note(QUEUE_MAX + 7);
  expect(counts()).toEqual({ noted: QUEUE_MAX + 7, written: 0, dropped: 7, queued: QUEUE_MAX });
});

it('a flood without a key that is known leaves room for those who have one', async () => {
  const { recorder, note, counts } = running();
  note(QUEUE_MAX, { accountId: null });
  note(10);
  expect(counts()).toMatchObject({ dropped: QUEUE_MAX / 2, queued: QUEUE_MAX / 2 + 10 });
  await recorder.flush();
  note(10, { accountId: null });
  expect(counts()).toMatchObject({ dropped: QUEUE_MAX / 2, queued: 10 });
});

it('writes all that waits when it is asked to, and when it is closed', async () => {
  const { recorder, batches, note, counts } = running();
  note(BATCH_MAX + 1);
  await Promise.all([recorder.flush(), recorder.flush()]);
  expect(batches.map(({ length }) => length)).toEqual([BATCH_MAX, 1]);
  note(2);
  await recorder.close();
  expect(counts()).toEqual({ noted: BATCH_MAX + 3, written: BATCH_MAX + 3, dropped: 0, queued: 0 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(batches).toHaveLength(3);
});

it('is closed although the store is away, and counts what is lost', async () => {
  const { recorder, state, note, counts } = running();
  state.isAway = true;
  note(4);
  await recorder.close();
  expect(counts()).toEqual({ noted: 4, written: 0, dropped: 4, queued: 0 });
});

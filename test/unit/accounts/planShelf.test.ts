import { expect, it } from 'vitest';
import { createBank } from '../../../src/accounts/bank.js';
import { PlanShelf } from '../../../src/accounts/planShelf.js';
import type { Plan } from '../../../src/domain/plan.js';
import { openStore } from '../../../src/store/openStore.js';
import { plan as planWith } from '../../support/domain.js';

it('plans that were being read when they were changed are read again, and not remembered', async () => {
  const reads: ((plans: readonly Plan[]) => void)[] = [];
  const store = { findPlans: () => new Promise<readonly Plan[]>((resolve) => reads.push(resolve)) };
  const shelf = new PlanShelf(store, 1_000, () => 0);
  const early = shelf.current();
  shelf.forget();
  const late = shelf.current();
  const plan = planWith();
  reads[1]?.([plan]);
  expect((await late).offers).toEqual([plan]);
  reads[0]?.([]);
  expect((await early).offers).toEqual([]);
  expect((await shelf.current()).offers).toEqual([plan]);
  expect(reads).toHaveLength(2);
});

it('plans are as old as the process says, whatever the wall clock is set to', async () => {
  let [uptimeMs, reads] = [0, 0];
  const store = { findPlans: () => Promise.resolve([planWith({ version: (reads += 1) })]) };
  const versions = async () => (await shelf.current()).offers.map(({ version }) => version);
  const shelf = new PlanShelf(store, 1_000, () => uptimeMs);
  expect(await versions()).toEqual([1]);
  uptimeMs = 999;
  expect(await versions()).toEqual([1]);
  uptimeMs = 1_000;
  expect(await versions()).toEqual([2]);
});

it('plans of a bank whose clock goes back an hour are seen as soon as before', async () => {
  const store = await openStore('sqlite::memory:');
  let clock = Date.parse('2026-03-01T12:00:00Z');
  const bank = createBank({ store, now: () => clock, planRefreshMs: 1 });
  await bank.shelf.current();
  clock -= 3_600_000;
  const plan = planWith();
  await store.savePlans([plan]);
  await expect.poll(async () => (await bank.shelf.current()).offers).toEqual([plan]);
  await bank.close();
  await store.close();
});

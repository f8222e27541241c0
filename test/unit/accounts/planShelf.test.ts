import { expect, it } from 'vitest';
import { PlanShelf } from '../../../src/accounts/planShelf.js';
import type { Plan } from '../../../src/domain/plan.js';
import { plan as planWith } from '../../support/domain.js';

it('plans that were being read when they were changed are read again, and not remembered', async () => {
  const reads: ((plans: readonly Plan[]) => void)[] = [];
  const store = { findPlans: () => new Promise<readonly Plan[]>((resolve) => reads.push(resolve)) };
  const shelf = new PlanShelf(store, () => 0, 1_000);
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

/** Owners remove each other at the same moment, each through a process of its own: one is left, always. */
import { describe, expect, it } from 'vitest';
import { createBank } from '../../../src/accounts/bank.js';
import { actingAs } from '../../../src/admin/acting.js';
import { createOperator, removeOperator } from '../../../src/admin/operators.js';
import { OperatorError } from '../../../src/admin/operatorError.js';
import type { Store } from '../../../src/store/store.js';
import { observeStore } from '../../support/observedStore.js';
import { onEachStore } from '../../support/onEachStore.js';

const actingOn = (store: Store, delayMs = 0) => {
  const observed = observeStore(store);
  observed.slowDown(delayMs);
  const bank = createBank({ store: observed.store });
  return { acting: actingAs(bank, { kind: 'system', name: 'test' }), close: bank.close };
};

onEachStore(({ name, database }) => {
  describe(`owners on ${name}`, () => {
    it.each([2, 3, 4])('%d, of whom each removes the next one at once, are never all gone', async (count) => {
      const { store, second, drop } = await database();
      const first = actingOn(store);
      const owners = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          createOperator(first.acting, { name: `owner ${index}`, role: 'OWNER' }, `owner-${index}`),
        ),
      );
      const left = async () => (await store.findOperators()).filter(({ removedAt }) => removedAt === null);
      const ids = owners.map(({ operator }) => operator.id);
      // All read before any of them writes.
      const processes = await Promise.all(ids.map(async () => actingOn(await second(), 20)));
      const outcomes = await Promise.allSettled(
        processes.map(({ acting }, index) => {
          const operatorId = ids[(index + 1) % count] ?? '';
          return removeOperator(acting, { operatorId }, `remove-${operatorId}`);
        }),
      );
      const removed = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect((await left()).length).toBe(count - removed);
      expect((await left()).length).toBeGreaterThanOrEqual(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CONFLICT' });
      }
      // One after the other they can be removed, but for the last.
      for (const { id } of (await left()).slice(1)) {
        await removeOperator(first.acting, { operatorId: id }, `then-${id}`);
      }
      const [last] = await left();
      await expect(removeOperator(first.acting, { operatorId: last?.id ?? '' }, 'the-last')).rejects.toBeInstanceOf(
        OperatorError,
      );
      expect(await left()).toHaveLength(1);
      await Promise.all([first, ...processes].map(({ close }) => close()));
      await drop();
    });
  });
});

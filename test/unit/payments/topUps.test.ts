import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createBank } from '../../../src/accounts/bank.js';
import { createAccount } from '../../../src/admin/library.js';
import { HOUR_MS } from '../../../src/domain/period.js';
import { Follower } from '../../../src/payments/follower.js';
import { stripeProvider } from '../../../src/payments/stripe/stripeProvider.js';
import { TopUps } from '../../../src/payments/topUps.js';
import { openSqliteForTest } from '../../contract/store/sqliteForTest.js';
import { StripeDouble } from '../../support/stripe/stripeDouble.js';

const MINUTE_MS = 60_000;

let double: StripeDouble;
beforeAll(async () => {
  double = await StripeDouble.start();
});
afterAll(() => double.close());

it('what an account has set is looked up once a minute, though the clock goes back', async () => {
  const opened = await openSqliteForTest();
  const read = vi.spyOn(opened.store, 'findPayments');
  let [now, uptimeMs] = [Date.now(), 0];
  const bank = createBank({ store: opened.store, now: () => now });
  const { id } = await createAccount(bank, { id: 'alice', name: 'Alice' });
  const provider = stripeProvider({ secretKey: 'sk_test_double', webhookSecrets: [], apiUrl: double.url });
  const topUps = new TopUps(bank, provider, new Follower(provider), () => uptimeMs);
  const readsOfCharge = async (): Promise<number> => {
    read.mockClear();
    topUps.charged(id, 10);
    await topUps.settled();
    return read.mock.calls.length;
  };
  uptimeMs = 1;
  expect([await readsOfCharge(), await readsOfCharge()]).toEqual([1, 0]);
  now -= HOUR_MS;
  uptimeMs += MINUTE_MS + 1;
  expect([await readsOfCharge(), await readsOfCharge()]).toEqual([1, 0]);
  await bank.close();
  await opened.drop();
});

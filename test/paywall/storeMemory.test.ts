/** Where the store has an account in memory nobody waits for it, and it is no older for that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { grantCredits } from '../../src/api/operator.js';
import { accountId } from '../../src/domain/ids.js';
import type { Caller } from '../../src/paywall/caller.js';
import { openStore } from '../../src/store/openStore.js';
import type { Store } from '../../src/store/store.js';
import { readyPaywall, schemaOf } from './ready.js';
import type { ReadyPaywall } from './ready.js';

const SCHEMA = schemaOf(`type Query { air: String  secret: String @requiresPayment(cost: 3) }`, {
  Query: { air: () => 'thin', secret: () => 'told' },
});

let folder: string;
let other: Store;
let ready: ReadyPaywall;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-recall-'));
  const url = `sqlite:${join(folder, 'tollgate.db')}`;
  ready = await readyPaywall(SCHEMA, { store: await openStore(url) });
  other = await openStore(url);
});
afterEach(async () => {
  await ready.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const ask = (caller: Caller) => ready.run(caller, '{ air secret }');
const outcomeOf = async (caller: Caller): Promise<unknown> => {
  const { data, errors } = await ask(caller);
  return errors?.[0]?.extensions['reason'] ?? data?.['secret'];
};

it('a refused operation is answered in the turn of the event loop in which it comes', async () => {
  const caller = await ready.callerWith(2);
  await ask(caller);
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  const immediate = nextTurn().then(() => (turns += 1));
  const again = await ready.paywall.identify(`Bearer ${String(caller.accountId)}`);
  expect(await outcomeOf(again)).toBe('INSUFFICIENT_FUNDS');
  expect(turns).toBe(0);
  await immediate;
  clearInterval(count);
});

it('what is written between finding out who calls and the operation counts, in the same turn', async () => {
  const { callerWith, paywall } = ready;
  const caller = await callerWith(2);
  expect(await outcomeOf(caller)).toBe('INSUFFICIENT_FUNDS');
  const again = await caller.again();
  await grantCredits(paywall.engine, caller.accountId, { id: 'more', credits: 1, reason: 'A test' });
  expect(await outcomeOf(again)).toBe('told');
  expect(await outcomeOf(again)).toBe('INSUFFICIENT_FUNDS');
});

it('what another process writes counts for whoever comes after it', async () => {
  const caller = await ready.callerWith(9);
  expect(await outcomeOf(caller)).toBe('told');
  await nextTurn();
  const [account] = await other.findAccounts([caller.accountId]);
  if (account == null) throw new Error('The account is gone.');
  await other.saveAccounts([{ ...account, suspendedAt: ready.paywall.engine.settings.now() }]);
  await nextTurn();
  expect(await outcomeOf(caller)).toBe('ACCOUNT_SUSPENDED');
});

it('what a store of this process has written counts in the same turn, for keys, accounts and balances', async () => {
  const caller = await ready.callerWith(9);
  expect(await outcomeOf(caller)).toBe('told');
  const again = await caller.again();
  const [account] = await other.findAccounts([caller.accountId]);
  if (account == null) throw new Error('The account is gone.');
  await other.saveAccounts([{ ...account, suspendedAt: ready.paywall.engine.settings.now() }]);
  expect(await outcomeOf(again)).toBe('ACCOUNT_SUSPENDED');
});

it('operations that never wait leave the others their turn', async () => {
  const caller = await ready.callerWith(2);
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  for (let each = 0; each < 3_000; each += 1) expect(await outcomeOf(await caller.again())).toBe('INSUFFICIENT_FUNDS');
  clearInterval(count);
  expect(turns).toBeGreaterThan(3);
});

it('an account whose wallet is no longer in memory has what it had', async () => {
  const caller = await ready.callerWith(10);
  expect(await outcomeOf(caller)).toBe('told');
  const nobodies = Array.from({ length: 2_100 }, (_, each) => accountId(`nobody-${each}`));
  await ready.paywall.engine.store.findWallets(nobodies);
  expect(await outcomeOf(await caller.again())).toBe('told');
  await ready.paywall.engine.store.findAccounts(nobodies);
  expect(await outcomeOf(await caller.again())).toBe('told');
  expect(await ready.walletOf(caller)).toMatchObject({ available: 1, held: 0 });
});

it('a balance for a third of the operations that are begun at once pays for a third of them', async () => {
  const caller = await ready.callerWith(30);
  await ask(caller);
  const outcomes = await Promise.all(Array.from({ length: 27 }, async () => outcomeOf(await caller.again())));
  expect(outcomes.filter((outcome) => outcome === 'told')).toHaveLength(9);
  expect(await ready.walletOf(caller)).toEqual({ available: 0, held: 0, holds: 0 });
});

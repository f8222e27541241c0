/** Accounts for tests with several processes, and an audit of what became of them. */
import { createAccount, grantCredits, issueKey } from '../../src/admin/library.js';
import { createAtlasSchema } from '../../src/demo/createAtlasSchema.js';
import { accountId } from '../../src/domain/ids.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { sweep } from '../../src/domain/sweep.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { Store } from '../../src/store/store.js';

/** Makes accounts with these credits; gives the key of each. */
export const openAccounts = async (
  store: Store,
  ids: readonly string[],
  credits: number,
): Promise<readonly string[]> => {
  const { engine, close } = createPaywall({ schema: createAtlasSchema(), store });
  const keys: string[] = [];
  for (const id of ids) {
    const account = await createAccount(engine, { id, name: id });
    await grantCredits(engine, account.id, { id: `start-${id}`, credits, reason: 'A test' });
    keys.push((await issueKey(engine, account.id)).secret);
  }
  await close();
  return keys;
};

export interface Audit {
  readonly balance: number;
  readonly openHolds: number;
  /** What each operation was charged in the end, by its name: charges less refunds. */
  readonly charged: ReadonlyMap<string, number>;
  /** Oldest first. */
  readonly entries: readonly LedgerEntry[];
  /** What is wrong with the books. */
  readonly faults: readonly string[];
}

const PAGE = 1_000;

/** Reads an account as it is at `now`, and checks its books. */
export const audit = async (store: Store, account: string, now: number): Promise<Audit> => {
  const id = accountId(account);
  const [stored] = await store.findWallets([id]);
  if (stored == null) throw new Error(`${account} has no wallet.`);
  const wallet = sweep(stored, now);
  const entries = await allEntries(store, account);
  const swept = wallet.journal.filter((entry) => entry.seq > stored.entryCount);
  const all = [...entries, ...swept];
  const sum = all.reduce((total, entry) => total + entry.credits, 0);
  const inGrants = wallet.grants.reduce((total, grant) => total + grant.remaining, 0);
  const faults: string[] = [];
  const check = (isSound: boolean, fault: string): void => {
    if (!isSound) faults.push(`${account}: ${fault}`);
  };
  check(all.length === wallet.entryCount, `${wallet.entryCount} entries were made, and ${all.length} are there`);
  check(new Set(all.map((entry) => entry.id)).size === all.length, 'an entry is there twice');
  check(sum === wallet.entrySum, `the entries sum to ${sum}, the wallet says ${wallet.entrySum}`);
  check(sum === inGrants, `the entries sum to ${sum}, the grants to ${inGrants}`);
  let balance = 0;
  all.forEach((entry, index) => {
    balance += entry.credits;
    check(entry.seq === index + 1, `entry ${entry.seq} is in place ${index + 1}`);
    check(entry.balanceAfter === balance, `the balance after entry ${entry.seq} is not its sum`);
  });
  return { balance: sum, openHolds: wallet.holds.length, charged: chargesIn(all), entries: all, faults };
};

const allEntries = async (store: Store, account: string): Promise<readonly LedgerEntry[]> => {
  const entries: LedgerEntry[] = [];
  for (let before: number | null = null; ; before = entries.at(-1)?.seq ?? null) {
    const page: readonly LedgerEntry[] = await store.findLedgerPage(accountId(account), { first: PAGE, before });
    entries.push(...page);
    if (page.length < PAGE) return entries.reverse();
  }
};

/** What each operation was charged in the end, by its name: charges less refunds. */
export const chargesIn = (entries: readonly LedgerEntry[]): ReadonlyMap<string, number> => {
  const operationOf = new Map<string, string>();
  const charged = new Map<string, number>();
  for (const { kind, credits, holdId = '', operation } of entries) {
    if (kind === 'CHARGE' && operation !== undefined) operationOf.set(holdId, operation);
    const name = operationOf.get(holdId);
    if (name !== undefined) charged.set(name, (charged.get(name) ?? 0) - credits);
  }
  return charged;
};

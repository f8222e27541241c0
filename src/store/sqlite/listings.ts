/** Lists in pages, each next to the place where the last one ended: a page costs the same wherever it is in its list. */
import type { Account, ApiKey } from '../../domain/account.js';
import type { AccountId, ApiKeyId } from '../../domain/ids.js';
import type { Operator } from '../../domain/operator.js';
import type { Subscription } from '../../domain/subscription.js';
import { inOrder } from '../inOrder.js';
import type { ListPage, SubscribedTo } from '../store.js';
import { readAccount, readApiKey, readOperator, readSubscription } from '../storedShape.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement, SqliteValue } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

interface Listed {
  readonly table: string;
  /** Of the values in the list, with `?1`, `?2` … for those of `findPage`. Of several, each finds values of its own. */
  readonly where: readonly [string, ...string[]];
  /** How many values there are in `where`. */
  readonly given: number;
  /** By what the list is ordered. */
  readonly key: string;
}

/** One list. Its statements are few enough to be prepared beforehand: with and without a place, both ways. */
class Listing<T> {
  readonly #statements: ReadonlyMap<string, SqliteStatement>;

  constructor(
    driver: SqliteDriver,
    { table, where, given, key }: Listed,
    private readonly read: (stored: unknown) => T,
  ) {
    const statements = new Map<string, SqliteStatement>();
    for (const isBackward of [false, true]) {
      for (const isPlaced of [false, true]) {
        const place = isPlaced ? `AND ${key} ${isBackward ? '<' : '>'} ?${given + 2}` : '';
        const order = `ORDER BY place ${isBackward ? 'DESC' : 'ASC'} LIMIT ?${given + 1}`;
        const parts = where.map((each) => `SELECT ${key} AS place, body FROM ${table} WHERE ${each} ${place}`);
        statements.set(nameOf(isBackward, isPlaced), driver.prepare(`${parts.join(' UNION ALL ')} ${order}`));
      }
    }
    this.#statements = statements;
  }

  findPage(of: readonly SqliteValue[], { count, after, isBackward }: ListPage): readonly T[] {
    // To SQLite a negative limit means no limit.
    if (count <= 0) return [];
    const values = after === null ? [...of, count] : [...of, count, after];
    const rows = this.#statements.get(nameOf(isBackward, after !== null))?.all(...values) ?? [];
    const found = rows.map((row) => this.read(bodyOf(row)));
    return isBackward ? found.reverse() : found;
  }
}

const nameOf = (isBackward: boolean, isPlaced: boolean): string => `${isBackward} ${isPlaced}`;

/** A string as it stands in a JSON body. */
const jsonText = (text: string): string => JSON.stringify(text);

export class Listings {
  readonly #accounts: Listing<Account>;
  readonly #apiKeys: Listing<ApiKey>;
  readonly #subscriptions: Listing<Subscription>;
  readonly #ofPlan: Listing<Subscription>;
  readonly #ofVersion: Listing<Subscription>;
  readonly #apiKeysById: SqliteStatement;
  readonly #operators: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#accounts = new Listing(driver, { table: 'accounts', where: ['true'], given: 0, key: 'id' }, readAccount);
    const key = `body -> '$.id'`;
    const ofAccount: Listed = { table: 'api_keys', where: [`body -> '$.accountId' = ?1`], given: 1, key };
    this.#apiKeys = new Listing(driver, ofAccount, readApiKey);
    const subscriptions = { table: 'subscriptions', key: 'id' };
    this.#subscriptions = new Listing(driver, { ...subscriptions, where: ['true'], given: 0 }, readSubscription);
    this.#ofPlan = new Listing(driver, { ...subscriptions, where: inForce([]), given: 2 }, readSubscription);
    const ofVersion = inForce(['planVersion']);
    this.#ofVersion = new Listing(driver, { ...subscriptions, where: ofVersion, given: 3 }, readSubscription);
    this.#apiKeysById = driver.prepare(
      `SELECT body FROM api_keys WHERE body -> '$.id' IN (SELECT value FROM json_each(?))`,
    );
    this.#operators = driver.prepare('SELECT body FROM operators ORDER BY id');
  }

  findAccounts(page: ListPage<AccountId>): readonly Account[] {
    return this.#accounts.findPage([], byId(page));
  }

  findApiKeys(accountId: AccountId, page: ListPage<ApiKeyId>): readonly ApiKey[] {
    const { after } = page;
    return this.#apiKeys.findPage([jsonText(accountId)], { ...page, after: after === null ? null : jsonText(after) });
  }

  findApiKeysById(ids: readonly ApiKeyId[]): readonly (ApiKey | null)[] {
    if (ids.length === 0) return [];
    const rows = this.#apiKeysById.all(JSON.stringify(ids.map(jsonText)));
    return inOrder(
      ids,
      rows.map((row) => readApiKey(bodyOf(row))),
      (key) => key.id,
    );
  }

  findSubscriptions({ planId, planVersion, at }: SubscribedTo, page: ListPage<AccountId>): readonly Subscription[] {
    if (planId === null) return this.#subscriptions.findPage([], byId(page));
    if (planVersion === null) return this.#ofPlan.findPage([at, jsonText(planId)], byId(page));
    return this.#ofVersion.findPage([at, jsonText(planId), String(planVersion)], byId(page));
  }

  findOperators(): readonly Operator[] {
    return this.#operators.all().map((row) => readOperator(bodyOf(row)));
  }
}

/** Subscriptions to a plan that is in force at `?1`: their own, or the one of a change that has taken over. */
const inForce = (others: readonly string[]): Listed['where'] => {
  const hasChanged = `coalesce(json_extract(body, '$.change.at') <= ?1, 0)`;
  const isOf = (part: string) =>
    ['planId', ...others].map((name, index) => `body -> '$${part}.${name}' = ?${index + 2}`).join(' AND ');
  return [`${isOf('')} AND NOT ${hasChanged}`, `${isOf('.change')} AND ${hasChanged}`];
};

const byId = (page: ListPage): ListPage => ({ ...page, after: page.after === null ? null : keyText(page.after) });

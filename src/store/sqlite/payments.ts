/** Purchases, links and the inbox, by what they are looked for besides their ids. */
import type { AccountId, PurchaseId } from '../../domain/ids.js';
import type { LogCursor } from '../../domain/logCursor.js';
import type { PaymentEvent } from '../../domain/paymentEvent.js';
import type { Instant } from '../../domain/period.js';
import type { ProviderLink } from '../../domain/providerLink.js';
import type { Purchase } from '../../domain/purchase.js';
import type { EventsWanted, ListPage, PurchaseReference } from '../store.js';
import { readPaymentEvent, readProviderLink, readPurchase } from '../storedShape.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement, SqliteValue } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

const FUTURE: LogCursor = { at: Number.MAX_SAFE_INTEGER, id: '' };
const PAST: LogCursor = { at: Number.MIN_SAFE_INTEGER, id: '' };

/** Values of a table by time, the newest first, as far as `where` holds, with `?4` … for values of its own. */
class NewestFirst<T> {
  readonly #older: SqliteStatement;
  readonly #newer: SqliteStatement;

  constructor(
    driver: SqliteDriver,
    { table, at, where }: { readonly table: string; readonly at: string; readonly where: string },
    private readonly read: (stored: unknown) => T,
  ) {
    const select = (sign: string, order: string) =>
      driver.prepare(
        // The first condition is for the index, which is over an expression.
        `SELECT body FROM ${table} WHERE ${where} AND ${at} ${sign}= ?1 AND (${at}, id) ${sign} (?1, ?2)
         ORDER BY ${at} ${order}, id ${order} LIMIT ?3`,
      );
    this.#older = select('<', 'DESC');
    this.#newer = select('>', 'ASC');
  }

  findPage({ count, after, isBackward }: ListPage<LogCursor>, ...of: readonly SqliteValue[]): readonly T[] {
    if (count <= 0) return [];
    const { at, id } = after ?? (isBackward ? PAST : FUTURE);
    const rows = (isBackward ? this.#newer : this.#older).all(at, keyText(id), count, ...of);
    const found = rows.map((row) => this.read(bodyOf(row)));
    return isBackward ? found.reverse() : found;
  }
}

const AT = { purchases: `json_extract(body, '$.createdAt')`, events: `json_extract(body, '$.receivedAt')` };
/** As in the index. */
const IS_UNSETTLED = `(json_extract(body, '$.status') IN ('OPEN', 'PENDING', 'ACTION_REQUIRED')
  OR json_extract(body, '$.shortfall') > 0)`;
const IS_UNDONE = `json_extract(body, '$.doneAt') IS NULL`;

export class Payments {
  readonly #purchases: NewestFirst<Purchase>;
  readonly #ofAccount: NewestFirst<Purchase>;
  readonly #unsettled: SqliteStatement;
  readonly #byReference: Readonly<Record<PurchaseReference['kind'], SqliteStatement>>;
  readonly #ofCustomer: SqliteStatement;
  readonly #events: Readonly<Record<EventsWanted, NewestFirst<PaymentEvent>>>;
  readonly #forgetEvents: SqliteStatement;

  constructor(driver: SqliteDriver) {
    const purchases = { table: 'purchases', at: AT.purchases };
    this.#purchases = new NewestFirst(driver, { ...purchases, where: 'true' }, readPurchase);
    this.#ofAccount = new NewestFirst(driver, { ...purchases, where: `body -> '$.accountId' = ?4` }, readPurchase);
    this.#unsettled = driver.prepare(`SELECT body FROM purchases WHERE ${IS_UNSETTLED} AND id > ? ORDER BY id LIMIT ?`);
    const by = (path: string) =>
      driver.prepare(`SELECT body FROM purchases WHERE body -> '$.provider' = ? AND body -> '${path}' = ? ORDER BY id`);
    this.#byReference = {
      CHECKOUT: by('$.checkout.id'),
      PAYMENT: by('$.paymentId'),
      SUBSCRIPTION: by('$.subscriptionId'),
    };
    this.#ofCustomer = driver.prepare(
      `SELECT body FROM provider_links WHERE body -> '$.provider' = ? AND body -> '$.customerId' = ?
       AND json_extract(body, '$.customerId') IS NOT NULL`,
    );
    const events = (where: string) =>
      new NewestFirst(driver, { table: 'payment_events', at: AT.events, where }, readPaymentEvent);
    const isFailed = `${IS_UNDONE} AND json_extract(body, '$.error') IS NOT NULL`;
    this.#events = { ALL: events('true'), UNDONE: events(IS_UNDONE), FAILED: events(isFailed) };
    this.#forgetEvents = driver.prepare(`DELETE FROM payment_events WHERE ${AT.events} < ? AND NOT (${IS_UNDONE})`);
  }

  findPurchases(accountId: AccountId | null, page: ListPage<LogCursor>): readonly Purchase[] {
    if (accountId === null) return this.#purchases.findPage(page);
    return this.#ofAccount.findPage(page, JSON.stringify(accountId));
  }

  findUnsettled(count: number, after: PurchaseId | null): readonly Purchase[] {
    const rows = count <= 0 ? [] : this.#unsettled.all(after === null ? '' : keyText(after), count);
    return rows.map((row) => readPurchase(bodyOf(row)));
  }

  findByReference(provider: string, { kind, id }: PurchaseReference): Purchase | null {
    const row = this.#byReference[kind].get(JSON.stringify(provider), JSON.stringify(id));
    return row === undefined ? null : readPurchase(bodyOf(row));
  }

  findLinkOf(provider: string, customerId: string): ProviderLink | null {
    const row = this.#ofCustomer.get(JSON.stringify(provider), JSON.stringify(customerId));
    return row === undefined ? null : readProviderLink(bodyOf(row));
  }

  findEvents(wanted: EventsWanted, page: ListPage<LogCursor>): readonly PaymentEvent[] {
    return this.#events[wanted].findPage(page);
  }

  forgetEvents(before: Instant): void {
    this.#forgetEvents.run(before);
  }
}

/**
 * Makes up for what nobody told: at start, every hour, on the way back from a checkout and by command. It asks for events
 * that were not delivered, tries again what the inbox has undone, and reads linked objects themselves, since an event can
 * be lost for good. One server at a time does it for all.
 */
import { actingAs } from '../admin/acting.js';
import type { Acting } from '../admin/acting.js';
import { OperatorError } from '../admin/operatorError.js';
import { findProviderLink } from '../admin/payments/providerLinks.js';
import { settlePayment, settleShortfall } from '../admin/payments/purchases.js';
import type { Bank } from '../accounts/bank.js';
import type { AccountId, PurchaseId } from '../domain/ids.js';
import { PAYMENT_EVENTS_KEPT_MS } from '../domain/paymentEvent.js';
import type { ReconcilerRecord, ReconcilerRun } from '../domain/paymentEvent.js';
import { DAY_MS, HOUR_MS } from '../domain/period.js';
import type { Instant } from '../domain/period.js';
import { providerLinkId } from '../domain/providerLink.js';
import type { ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import type { LogCursor } from '../domain/logCursor.js';
import type { Follower } from './follower.js';
import { reasonOf } from './inbox.js';
import type { Inbox } from './inbox.js';
import type { PaymentProvider } from './paymentProvider.js';
import type { TopUps } from './topUps.js';

/** A provider lists events of so many days. */
const EVENTS_SINCE_MS = 30 * DAY_MS;
/** Events may be listed some time after they happened. */
const OVERLAP_MS = HOUR_MS;
const LOCK_MS = 10 * 60_000;
const PAGE = 200;
/** Of an hourly run; the next one goes on where it stopped. A command reads all. */
const LINKS_PER_RUN = 500;
/** A purchase that never got a page: whoever wanted it is gone. */
const ABANDONED_MS = 2 * DAY_MS;

export interface ReconcilerParts {
  readonly bank: Bank;
  readonly provider: PaymentProvider;
  readonly inbox: Inbox;
  readonly follower: Follower;
  readonly topUps: TopUps;
}

export class Reconciler {
  #timer: NodeJS.Timeout | null = null;
  /** The link that the last hourly run stopped at. */
  #after: string | null = null;

  constructor(private readonly parts: ReconcilerParts) {}

  /** Runs now, and every hour from now on. */
  start(): void {
    const run = (): void => {
      this.#runAll({ isComplete: false }).catch(this.parts.bank.settings.onFailure);
    };
    run();
    this.#timer = setInterval(run, HOUR_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** One account: what its customer has, and what it waits for. */
  async runAccount(accountId: AccountId): Promise<ReconcilerRun> {
    const { bank, provider, topUps } = this.parts;
    const run = new Run(bank.settings.now());
    const link = await findProviderLink(bank, { provider: provider.name, accountId });
    if (link !== null) await this.#readLink(run, link);
    await run.tried(() => topUps.check(accountId));
    return run.ended(bank.settings.now());
  }

  /** Throws `CONFLICT` while another server is at it. */
  async runAll({ isComplete }: { readonly isComplete: boolean }): Promise<ReconcilerRun> {
    const run = await this.#runAll({ isComplete });
    if (run !== null) return run;
    throw new OperatorError('CONFLICT', 'Another server is reconciling. Look at its run in some minutes.');
  }

  /** `null`: another server does it for all. */
  async #runAll({ isComplete }: { readonly isComplete: boolean }): Promise<ReconcilerRun | null> {
    const { bank, provider } = this.parts;
    const { settings, store } = bank;
    const startedAt = settings.now();
    const locked = await this.#lock(startedAt);
    if (locked === null) return null;
    const run = new Run(startedAt);
    const since = Math.max(startedAt - EVENTS_SINCE_MS, (locked.askedUntil ?? 0) - OVERLAP_MS);
    const isAsked = await run.tried(() => this.#askForEvents(run, since));
    await run.tried(() => this.#tryUndone(run));
    await run.tried(() => this.#lookAtUnsettled(run));
    await run.tried(() => this.#readLinks(run, isComplete ? Infinity : LINKS_PER_RUN));
    await run.tried(() => store.forgetPaymentEvents(startedAt - PAYMENT_EVENTS_KEPT_MS));
    const lastRun = run.ended(settings.now());
    const askedUntil = isAsked ? startedAt : locked.askedUntil;
    await this.#save({ ...(await this.#record()), provider: provider.name, lastRun, askedUntil, lockedUntil: null });
    return lastRun;
  }

  /** `null`: another server has it. */
  async #lock(now: Instant): Promise<ReconcilerRecord | null> {
    const record = await this.#record();
    const isFree = record.lockedUntil === null || record.lockedUntil <= now;
    const locked = { ...record, lockedUntil: now + LOCK_MS };
    return isFree && (await this.#save(locked)) ? locked : null;
  }

  async #record(): Promise<ReconcilerRecord> {
    const { bank, provider } = this.parts;
    const [record] = await bank.store.findPayments('reconcilers', [provider.name]);
    return record ?? { provider: provider.name, lastRun: null, askedUntil: null, lockedUntil: null, version: 0 };
  }

  async #save(record: ReconcilerRecord): Promise<boolean> {
    const [outcome] = await this.parts.bank.store.savePayments('reconcilers', [record]);
    return outcome === 'WON';
  }

  async #askForEvents(run: Run, since: Instant): Promise<void> {
    for await (const event of this.parts.provider.undelivered(since)) {
      if (event.object === null) continue;
      run.events += 1;
      await run.tried(async () => run.took(await this.parts.inbox.take(event)));
    }
  }

  /** The oldest last: each is asked for as it is now, so that their order does not matter. */
  async #tryUndone(run: Run): Promise<void> {
    const { bank, inbox, provider } = this.parts;
    let after: LogCursor | null = null;
    for (;;) {
      const events = await bank.store.findPaymentEventPage('UNDONE', { count: PAGE, after, isBackward: false });
      for (const { id, receivedAt, provider: of } of events) {
        after = { at: receivedAt, id };
        if (of === provider.name) await run.tried(async () => run.took(await inbox.replay(id)));
      }
      if (events.length < PAGE) return;
    }
  }

  async #lookAtUnsettled(run: Run): Promise<void> {
    const { bank, provider } = this.parts;
    let after: PurchaseId | null = null;
    for (;;) {
      const purchases = await bank.store.findUnsettledPurchases(PAGE, after);
      for (const purchase of purchases) {
        after = purchase.id;
        if (purchase.provider === provider.name) await run.tried(() => this.#lookAt(run, purchase));
      }
      if (purchases.length < PAGE) return;
    }
  }

  async #lookAt(run: Run, purchase: Purchase): Promise<void> {
    const { bank, follower, provider, topUps } = this.parts;
    const { checkout, paymentId, origin, status, createdAt, accountId } = purchase;
    if (checkout !== null) run.took(await follower.follow(this.#acting(), { kind: 'CHECKOUT', id: checkout.id }));
    else if (paymentId !== null) run.took(await follower.follow(this.#acting(), { kind: 'PAYMENT', id: paymentId }));
    else if (origin === 'AUTO_TOP_UP') {
      const link = await findProviderLink(bank, { provider: provider.name, accountId });
      if (link !== null) await topUps.charge(purchase, link);
    } else if (status === 'OPEN' && bank.settings.now() - createdAt > ABANDONED_MS) await this.#expire(purchase);
    if (purchase.shortfall > 0) await settleShortfall(this.#acting(), purchase);
  }

  async #expire(purchase: Purchase): Promise<void> {
    const { id: purchaseId, price, money } = purchase;
    const nothing = { id: null, checkoutId: null, customerId: null, paidAt: null, subscriptionId: null };
    const expired = { kind: 'PAYMENT' as const, ...nothing, purchaseId, status: 'EXPIRED' as const };
    await settlePayment(this.#acting(), purchase, { ...expired, currency: price.currency, money });
  }

  async #readLinks(run: Run, linksMax: number): Promise<void> {
    const { bank, provider, topUps } = this.parts;
    let after = linksMax === Infinity ? null : this.#after;
    for (let read = 0; read < linksMax;) {
      const links = await bank.store.listRecords('providerLinks', { first: PAGE, after });
      for (const link of links) {
        after = providerLinkId(link);
        if (link.provider !== provider.name) continue;
        await run.tried(() => this.#readLink(run, link));
        if (link.autoTopUp !== null) await run.tried(() => topUps.check(link.accountId));
      }
      read += links.length;
      if (links.length < PAGE) {
        after = null;
        break;
      }
    }
    this.#after = after;
  }

  async #readLink(run: Run, { accountId, customerId }: ProviderLink): Promise<void> {
    if (customerId === null) return;
    await run.tried(async () => {
      const { objects, changed } = await this.parts.follower.followAll(this.#acting(), accountId, customerId);
      run.objects += objects;
      run.changed += changed;
    });
  }

  #acting(): Acting {
    const { bank, provider } = this.parts;
    return actingAs(bank, { kind: 'provider', name: provider.name, event: null });
  }
}

/** What a run has done so far. What fails is counted, and the rest goes on. */
class Run {
  events = 0;
  objects = 0;
  changed = 0;
  #failures = 0;
  #failure: string | null = null;

  constructor(private readonly startedAt: Instant) {}

  took({ isOurs, isChanged }: { readonly isOurs: boolean; readonly isChanged: boolean }): void {
    if (isOurs) this.objects += 1;
    if (isChanged) this.changed += 1;
  }

  async tried(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#failure ??= reasonOf(error);
      return false;
    }
  }

  ended(endedAt: Instant): ReconcilerRun {
    const { startedAt, events, objects, changed } = this;
    return { startedAt, endedAt, events, objects, changed, failures: this.#failures, failure: this.#failure };
  }
}

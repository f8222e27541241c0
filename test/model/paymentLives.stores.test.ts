/**
 * Lives of customers at Stripe's double: they subscribe, try, renew, fail, change, cancel, top up by hand and unattended,
 * get money back in parts, dispute and win or lose. Events come twice, late, out of order, or never; the server is killed
 * at any call, and begun again. In the end what Tollgate keeps is what the double knows. `TOLLGATE_PAYMENT_LIVES` says how
 * many; the seed is printed, and `TOLLGATE_SEED` makes them again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { adjustCredits } from '../../src/admin/credits.js';
import { OperatorError } from '../../src/admin/operatorError.js';
import { accountId } from '../../src/domain/ids.js';
import type { AccountId } from '../../src/domain/ids.js';
import { creditsDue, grantOfPurchase } from '../../src/domain/purchase.js';
import type { Purchase } from '../../src/domain/purchase.js';
import { viewAt } from '../../src/domain/walletView.js';
import type { Store } from '../../src/store/store.js';
import { seedOfRun } from '../support/domainRuns.js';
import { onEachStore } from '../support/onEachStore.js';
import { seededRandom } from '../support/seededRandom.js';
import {
  Killed,
  LARGE,
  ODD,
  SMALL,
  startPaymentServer,
  stock,
  THOUSAND,
  YEARLY,
} from '../support/stripe/paymentWorld.js';
import type { PaymentServer } from '../support/stripe/paymentWorld.js';
import { StripeDouble } from '../support/stripe/stripeDouble.js';
import { DAY, HOUR, idIn, itemOf } from '../support/stripe/stripeWorld.js';
import type { StripeWorld, WorldEvent } from '../support/stripe/stripeWorld.js';

const LIVES = Number(process.env['TOLLGATE_PAYMENT_LIVES'] ?? 30);
const STEPS = 22;
/** The reconciler reads all that a store links: other lives' too. */
const LIVES_IN_DATABASE = 10;
const TIMEOUT_MS = 60_000 + LIVES * 3_000;

interface Waiting {
  readonly event: WorldEvent;
  readonly at: number;
}

class Life {
  readonly #random: () => number;
  readonly world: StripeWorld;
  readonly account: AccountId;
  readonly log: string[] = [];
  server: PaymentServer;
  #calls = Infinity;
  #waiting: Waiting[] = [];
  #told = 0;
  #tick = 0;
  #keys = 0;
  kills = 0;

  constructor(
    private readonly double: StripeDouble,
    private readonly store: Store,
    seed: number,
  ) {
    this.#random = seededRandom(seed);
    this.world = double.newWorld();
    this.account = accountId(`life-${seed}`);
    this.server = this.#begin();
  }

  #begin(): PaymentServer {
    return startPaymentServer(this.double, this.store, { isAlive: () => (this.#calls -= 1) >= 0 });
  }

  chance(p: number): boolean {
    return this.#random() < p;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  /** What whoever clicks does: after the server was begun again they click once more, with the same key. */
  async #clicked<Answer>(click: () => Promise<Answer>): Promise<Answer | null> {
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        return await click();
      } catch (error) {
        if (error instanceof OperatorError) return null;
        if (this.#calls >= 0 && !(error instanceof Killed)) throw error;
        this.restart();
      }
    }
    return null;
  }

  restart(): void {
    this.kills += 1;
    // Nobody closes what belongs to a process that was killed.
    this.#calls = Infinity;
    this.server = this.#begin();
  }

  async run(): Promise<void> {
    await stock(this.server, this.account);
    for (this.#tick = 0; this.#tick < STEPS; this.#tick += 1) {
      if (this.chance(0.15)) this.#calls = Math.floor(this.#random() * 40);
      await this.#step();
      if (this.chance(0.5)) this.world.advance(Math.floor(this.#random() * 20 * DAY));
      await this.#deliver();
    }
    this.#calls = Infinity;
    this.restart();
    await this.#end();
  }

  async #step(): Promise<void> {
    const steps: readonly (readonly [string, () => Promise<void>])[] = [
      ['subscribe', () => this.#subscribe()],
      ['subscribe', () => this.#subscribe()],
      ['buy', () => this.#buy()],
      ['buy', () => this.#buy()],
      ['settle', async () => this.#settle()],
      ['change', () => this.#change()],
      ['change', () => this.#change()],
      ['cancel', async () => this.#cancel()],
      ['card', async () => this.#card()],
      ['card', async () => this.#card()],
      ['renew', async () => this.world.advance(32 * DAY)],
      ['renew', async () => this.world.advance(32 * DAY)],
      ['spend', () => this.#spend()],
      ['spend', () => this.#spend()],
      ['top up', () => this.#topUp()],
      ['refund', () => this.#refund()],
      ['refund', () => this.#refund()],
      ['dispute', async () => this.#dispute()],
    ];
    const [name, step] = this.pick(steps) ?? ['none', async () => undefined];
    this.log.push(`${this.#tick} ${name} at ${this.world.now}`);
    await step();
  }

  async #checkout(wanted: Parameters<PaymentServer['payments']['desk']['checkout']>[0]['wanted']) {
    const idempotencyKey = `click-${(this.#keys += 1)}`;
    const asked = { accountId: this.account, wanted, refusalId: null, returnUrl: null, idempotencyKey };
    const purchase = await this.#clicked(() => this.server.payments.desk.checkout(asked));
    return purchase?.checkout?.id ?? null;
  }

  async #subscribe(): Promise<void> {
    const id = await this.#checkout({ kind: 'PLAN', planId: (this.pick([SMALL, LARGE]) ?? SMALL).id });
    if (id !== null && this.chance(0.8)) this.world.pay(id);
  }

  async #buy(): Promise<void> {
    const id = await this.#checkout({ kind: 'PACK', packId: (this.pick([THOUSAND, ODD]) ?? ODD).id });
    if (id === null) return;
    if (this.chance(0.2)) this.world.tryBadCard(id);
    if (this.chance(0.9)) this.world.pay(id, { isDelayed: this.chance(0.3) });
  }

  #settle(): void {
    const delayed = this.world.all('checkout.session').filter((session) => {
      const intent = this.world.objects.get(idIn(session.payment_intent));
      return intent?.object === 'payment_intent' && intent.status === 'processing';
    });
    const session = this.pick(delayed);
    if (session !== undefined) this.world.settle(session.id, this.chance(0.8));
  }

  #running(): Stripe.Subscription | undefined {
    return this.world.all('subscription').findLast(({ status }) => status === 'active' || status === 'trialing');
  }

  async #change(): Promise<void> {
    const running = this.#running();
    if (running === undefined || endsOf(running)) return;
    const to = (this.pick([SMALL, LARGE, YEARLY]) ?? LARGE).id;
    const asked = { accountId: this.account, aim: 'CHANGE_PLAN' as const, planId: to, returnUrl: null };
    const page = await this.#clicked(() => this.server.payments.desk.portal(asked));
    const price = this.world.all('price').find(({ lookup_key: key }) => key === `tollgate:${to}:v1`);
    if (page === null || price === undefined || itemOf(running).price.id === price.id) return;
    this.world.changePlan(running.id, price.id);
  }

  #cancel(): void {
    const running = this.#running();
    if (running === undefined) return;
    if (endsOf(running)) this.world.resume(running.id);
    else if (this.chance(0.2)) this.world.cancel(running.id);
    else this.world.cancelAtPeriodEnd(running.id, { isClassic: this.chance(0.5) });
  }

  #card(): void {
    const [customer] = this.world.all('customer');
    if (customer === undefined) return;
    this.world.setCard(
      customer.id,
      this.pick(['GOOD', 'GOOD', 'EXPIRED', 'DECLINED', 'NEEDS_OWNER'] as const) ?? 'GOOD',
    );
    for (const { id } of this.world.all('subscription')) this.world.payOpenInvoices(id);
  }

  async #spend(): Promise<void> {
    const available = await availableOf(this.store, this.account, this.world.now * 1000);
    const credits = Math.floor(available * this.#random());
    if (credits === 0) return;
    const spent = { accountId: this.account, credits: -credits, reason: 'Spent' };
    await this.#clicked(() => adjustCredits(this.server.acting, spent, `spend-${(this.#keys += 1)}`));
    await this.#clicked(() => this.server.payments.topUps.check(this.account));
  }

  async #topUp(): Promise<void> {
    const wanted = { belowCredits: 500, packId: THOUSAND.id, purchasesPerMonthMax: 2 };
    const isOn = this.chance(0.8);
    await this.#clicked(() => this.server.payments.desk.setAutoTopUp(this.account, isOn ? wanted : null));
    await this.#clicked(() => this.server.payments.topUps.check(this.account));
  }

  #paidIntents(): readonly Stripe.PaymentIntent[] {
    return this.world
      .all('payment_intent')
      .filter(({ status, metadata }) => status === 'succeeded' && metadata['tollgate_purchase'] !== undefined);
  }

  async #refund(): Promise<void> {
    const intent = this.pick(this.#paidIntents());
    if (intent === undefined) return;
    const made = this.pick(this.world.all('refund').filter(({ status }) => status === 'succeeded'));
    if (made !== undefined && this.chance(0.3)) {
      this.world.failRefund(made.id);
      return;
    }
    const { left } = moneyOf(this.world, intent);
    if (left <= 0) return;
    const amount = this.chance(0.3) ? left : 1 + Math.floor(this.#random() * left);
    const purchase = await this.#find(intent.metadata['tollgate_purchase'] ?? '');
    const key = `refund-${(this.#keys += 1)}`;
    if (this.chance(0.5)) this.world.refund(intent.id, amount);
    else if (purchase !== null) await this.#clicked(() => this.server.payments.desk.refund(purchase.id, amount, key));
  }

  async #find(id: string): Promise<Purchase | null> {
    return (await this.store.findPayments('purchases', [id]))[0] ?? null;
  }

  #dispute(): void {
    const open = this.world.all('dispute').filter(({ status }) => status === 'needs_response');
    const dispute = this.pick(open);
    if (dispute !== undefined && this.chance(0.6)) {
      this.world.closeDispute(dispute.id, this.chance(0.5) ? 'won' : 'lost');
      return;
    }
    const intent = this.pick(this.#paidIntents().filter((each) => moneyOf(this.world, each).left > 0));
    if (intent !== undefined) {
      this.world.dispute(intent.id, { isInquiry: this.chance(0.2), amount: moneyOf(this.world, intent).left });
    }
  }

  /** 10 % never come, of which half even count as delivered; a fifth come twice, and all up to three steps late. */
  async #deliver(): Promise<void> {
    const { events } = this.world;
    for (; this.#told < events.length; this.#told += 1) {
      const event = events[this.#told];
      if (event === undefined) break;
      if (this.chance(0.1)) {
        if (this.chance(0.5)) this.double.delivered(event);
        continue;
      }
      for (let times = this.chance(0.2) ? 2 : 1; times > 0; times -= 1) {
        this.#waiting.push({ event, at: this.#tick + Math.floor(this.#random() * 4) });
      }
    }
    const due = this.#waiting.filter(({ at }) => at <= this.#tick).sort(() => this.#random() - 0.5);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#tick);
    // Two at once, as two servers would have them.
    for (let index = 0; index < due.length; index += 2) {
      await Promise.all(due.slice(index, index + 2).map((each) => this.#tell(each.event)));
    }
  }

  async #tell(event: WorldEvent): Promise<void> {
    const status = await this.server.deliver(event);
    if (status === 200) this.double.delivered(event);
    else {
      this.#waiting.push({ event, at: this.#tick + 1 });
      if (this.#calls < 0) this.restart();
    }
  }

  async #end(): Promise<void> {
    this.#tick += 10;
    await this.#deliver();
    // A run that was cut off may hold the lock for some minutes, and a charge that was cut off is given up after a day.
    this.world.advance(DAY + HOUR);
    await this.server.payments.desk.reconcile(null);
    await this.server.payments.desk.reconcile(null);
    await this.server.payments.topUps.settled();
  }
}

const endsOf = ({ cancel_at: at, cancel_at_period_end: isFlagged }: Stripe.Subscription): boolean =>
  at !== null || isFlagged;

const availableOf = async (store: Store, account: AccountId, now: number): Promise<number> => {
  const [wallet] = await store.findWallets([account]);
  return wallet == null ? 0 : viewAt(wallet, now).available;
};

/** By who took the money, and gave it back. */
const moneyOf = (world: StripeWorld, intent: Stripe.PaymentIntent) => {
  const charge = world.all('charge').find(({ payment_intent: of }) => of === intent.id);
  const disputedMinor = world
    .all('dispute')
    .filter(({ payment_intent: of, status }) => of === intent.id && !['won', 'warning_needs_response'].includes(status))
    .reduce((sum, { amount }) => sum + amount, 0);
  const paidMinor = charge?.amount ?? 0;
  const refundedMinor = charge?.amount_refunded ?? 0;
  return { paidMinor, refundedMinor, disputedMinor, left: paidMinor - refundedMinor - disputedMinor };
};

/** Purchases as the double knows them: what was paid for each, and what went back. */
const expectedPurchases = (world: StripeWorld) => {
  const nothing = { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 };
  const found = new Map<string, { isPaid: boolean; money: typeof nothing }>();
  for (const { metadata, payment_status: paid } of world.all('checkout.session')) {
    const id = metadata?.['tollgate_purchase'] ?? '';
    found.set(id, { isPaid: paid !== 'unpaid', money: nothing });
  }
  for (const intent of world.all('payment_intent').filter(({ status }) => status === 'succeeded')) {
    const { paidMinor, refundedMinor, disputedMinor } = moneyOf(world, intent);
    const id = intent.metadata['tollgate_purchase'] ?? purchaseOfInvoice(world, intent);
    if (id !== null) found.set(id, { isPaid: true, money: { paidMinor, refundedMinor, disputedMinor } });
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** The first invoice of a subscription is what its checkout was paid with. */
const purchaseOfInvoice = (world: StripeWorld, intent: Stripe.PaymentIntent): string | null => {
  const payment = world.all('invoice_payment').find(({ payment: by }) => by.payment_intent === intent.id);
  const invoice = world.all('invoice').find(({ id }) => id === payment?.invoice);
  if (invoice?.billing_reason !== 'subscription_create') return null;
  const session = world.all('checkout.session').find(({ invoice: of }) => of === invoice.id);
  return session?.metadata?.['tollgate_purchase'] ?? null;
};

/** The subscription that counts: the newest that runs, or else the newest. Of two that were begun in one second either. */
const expectedSubscription = (world: StripeWorld, kept: string | undefined) => {
  const all = world.all('subscription');
  const newest = all.findLast(({ status }) => status !== 'canceled') ?? all.at(-1);
  const asNew = all.filter(
    ({ created, status }) => created === newest?.created && (status === 'canceled') === (newest.status === 'canceled'),
  );
  const counted = asNew.find(({ id }) => id === kept) ?? newest;
  if (counted === undefined) return null;
  const item = itemOf(counted);
  const paidFor = world.paidFor.get(counted.id);
  const isChangeOpen = world
    .all('invoice')
    .some(
      ({ parent, status, billing_reason: reason }) =>
        parent?.subscription_details?.subscription === counted.id &&
        status === 'open' &&
        reason === 'subscription_update',
    );
  const price = isChangeOpen ? paidFor?.price : item.price;
  const cancelsAt =
    counted.ended_at ?? counted.cancel_at ?? (counted.cancel_at_period_end ? item.current_period_end : null);
  return {
    id: counted.id,
    plan: price?.metadata['tollgate_offer'],
    paidUntil: (paidFor?.until ?? 0) * 1000,
    cancelsAt: cancelsAt === null ? null : cancelsAt * 1000,
    isOwed: counted.status === 'past_due' || counted.status === 'unpaid',
  };
};

const PAGE = { count: 500, after: null, isBackward: false } as const;

const checkLife = async (life: Life, store: Store): Promise<void> => {
  const { world, account } = life;
  const told = life.log.join('\n');
  const customers = world.all('customer');
  expect(customers.length, told).toBeLessThanOrEqual(1);
  const purchases = await store.findPurchasePage(account, PAGE);
  const kept = purchases
    .filter(({ checkout, paymentId }) => checkout !== null || paymentId !== null)
    .map(({ id, status, money }): [string, unknown] => [id, { isPaid: status === 'PAID', money }])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  expect(Object.fromEntries(kept), told).toMatchObject(expectedPurchases(world));

  const [subscription = null] = await store.findSubscriptions([account]);
  const expected = expectedSubscription(world, subscription?.keptBy?.id);
  const projected =
    subscription === null
      ? null
      : {
          id: subscription.keptBy?.id,
          plan: `tollgate:${subscription.planId}:v${subscription.planVersion}`,
          paidUntil: subscription.paidUntil,
          cancelsAt: subscription.cancelsAt,
          isOwed: subscription.paymentFailure !== null,
        };
  expect(projected, told).toEqual(expected);

  const [wallet] = await store.findWallets([account]);
  const entries = await store.findLedgerPage(account, { first: 10_000, before: null });
  const sum = entries.reduce((total, { credits }) => total + credits, 0);
  const available = wallet == null ? 0 : viewAt(wallet, world.now * 1000).available;
  expect(available, told).toBe(sum);
  expect(available).toBeGreaterThanOrEqual(0);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  for (const purchase of purchases) {
    const own = entries.filter(
      ({ grantId, reason }) => grantId === grantOfPurchase(purchase) && reason?.startsWith('Purchase') === true,
    );
    const granted = own.reduce((total, { credits }) => total + credits, 0);
    expect(granted - purchase.shortfall, `${purchase.id}\n${told}`).toBe(creditsDue(purchase));
    expect(own.filter(({ kind }) => kind === 'GRANT').length).toBeLessThanOrEqual(1);
    const grant = wallet?.grants.find(({ id }) => id === grantOfPurchase(purchase));
    if (purchase.shortfall > 0) expect(grant?.remaining ?? 0, told).toBe(0);
  }
  const undone = await store.findPaymentEventPage('UNDONE', PAGE);
  expect(
    undone.map(({ id, error }) => [id, error]),
    told,
  ).toEqual([]);
};

onEachStore(({ name, database }) => {
  describe(`lives of customers, on ${name}`, () => {
    let double: StripeDouble;
    beforeAll(async () => {
      double = await StripeDouble.start();
    });
    afterAll(() => double.close());

    it(
      'end with what the provider knows, whatever becomes of events and servers',
      async () => {
        const seed = seedOfRun('payment lives');
        let { store, drop } = await database();
        let kills = 0;
        for (let index = 0; index < LIVES; index += 1) {
          if (index > 0 && index % LIVES_IN_DATABASE === 0) {
            await drop();
            ({ store, drop } = await database());
          }
          const life = new Life(double, store, seed + index);
          try {
            await life.run();
            await checkLife(life, store);
          } catch (error) {
            console.log(`TOLLGATE_SEED=${seed + index} TOLLGATE_PAYMENT_LIVES=1 makes this life again`);
            throw error;
          } finally {
            await life.server.close();
          }
          kills += life.kills;
        }
        expect(kills).toBeGreaterThan(LIVES);
        await drop();
      },
      TIMEOUT_MS,
    );
  });
});

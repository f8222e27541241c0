/** The part of the store's contract that payments rest on: packs, purchases, links to customers, the inbox. */
import { describe, expect, it } from 'vitest';
import { accountId, packId, purchaseId } from '../../../src/domain/ids.js';
import type { PurchaseId } from '../../../src/domain/ids.js';
import type { LogCursor } from '../../../src/domain/logCursor.js';
import type { PaymentEvent } from '../../../src/domain/paymentEvent.js';
import type { Purchase } from '../../../src/domain/purchase.js';
import type { Store } from '../../../src/store/store.js';
import type { OpenedStore } from './storeUnderTest.js';
import { aPack, aPaymentEvent, aProviderLink, aPurchase, aReconciler, HOSTILE_STRINGS, walk } from './storedValues.js';

const stored = <T extends { readonly version: number }>(record: T): T => ({ ...record, version: record.version + 1 });

export const paymentContract = (opened: () => OpenedStore): void => {
  const store = (): Store => opened().store;

  describe('packs', () => {
    it('are all there, every version, each written once', async () => {
      const [first, second] = [aPack('contract-pack', 1), { ...aPack('contract-pack', 2), credits: 7 }];
      expect(await store().savePacks([first, second])).toEqual(['WON', 'WON']);
      expect(await store().savePacks([{ ...second, credits: 8 }, first])).toEqual(['LOST', 'WON']);
      expect(await store().savePacks([])).toEqual([]);
      const ours = (await store().findPacks()).filter(({ id }) => id === packId('contract-pack'));
      expect(ours).toEqual([first, second]);
    });
  });

  describe('purchases', () => {
    const idsOf = (purchases: readonly Purchase[]) => purchases.map(({ id }) => id);

    it('are written by compare and set, and found by id in length and order', async () => {
      const [one, two] = [aPurchase('cas-1', accountId('cas')), aPurchase('cas-2', accountId('cas'))];
      expect(await store().savePayments('purchases', [one, two])).toEqual(['WON', 'WON']);
      expect(await store().savePayments('purchases', [one])).toEqual(['LOST']);
      const paid: Purchase = { ...stored(one), status: 'PAID', shortfall: 3 };
      expect(await store().savePayments('purchases', [paid, { ...two, version: 7 }])).toEqual(['WON', 'LOST']);
      expect(await store().findPayments('purchases', ['cas-2', 'none', 'cas-1'])).toEqual([
        stored(two),
        null,
        stored(paid),
      ]);
      expect(await store().findPayments('purchases', [])).toEqual([]);
    });

    it('are listed newest first, of one account and of all, there and back, each once', async () => {
      const [mine, other] = [accountId('lists-purchases'), accountId('lists-none')];
      const all = [
        aPurchase('list-b', mine, { createdAt: 50 }),
        aPurchase('list-a', mine, { createdAt: 50 }),
        aPurchase('list-d', mine, { createdAt: 70 }),
        aPurchase('list-c', mine, { createdAt: 60 }),
        aPurchase('list-e', other, { createdAt: 65 }),
      ];
      await store().savePayments('purchases', all);
      const cursorOf = ({ createdAt, id }: Purchase): LogCursor => ({ at: createdAt, id });
      const { there, back } = await walk((page) => store().findPurchasePage(mine, page), cursorOf);
      expect(idsOf(there)).toEqual(['list-d', 'list-c', 'list-b', 'list-a']);
      expect(idsOf(back)).toEqual(idsOf(there));
      const inAll = await store().findPurchasePage(null, {
        count: 1_000,
        after: { at: 71, id: '' },
        isBackward: false,
      });
      expect(idsOf(inAll).filter((id) => id.startsWith('list-'))).toEqual([
        'list-d',
        'list-e',
        'list-c',
        'list-b',
        'list-a',
      ]);
      expect(await store().findPurchasePage(mine, { count: 0, after: null, isBackward: false })).toEqual([]);
    });

    it('are found by their checkout, payment and subscription, at their own provider alone', async () => {
      const checkout = { id: 'cs_1', url: 'https://pay.example/1', expiresAt: 9 };
      const known = aPurchase('by-reference', accountId('referrer'), {
        checkout,
        paymentId: 'pi_1',
        subscriptionId: 'sub_1',
      });
      await store().savePayments('purchases', [known, aPurchase('by-nothing', accountId('referrer'))]);
      const find = (kind: 'CHECKOUT' | 'PAYMENT' | 'SUBSCRIPTION', id: string, provider = 'stripe') =>
        store().findPurchaseOf(provider, { kind, id });
      expect(await find('CHECKOUT', 'cs_1')).toEqual(stored(known));
      expect(await find('PAYMENT', 'pi_1')).toEqual(stored(known));
      expect(await find('SUBSCRIPTION', 'sub_1')).toEqual(stored(known));
      expect(await find('PAYMENT', 'cs_1')).toBeNull();
      expect(await find('PAYMENT', 'pi_1', 'sandbox')).toBeNull();
    });

    it('of which something may still come are all found, page by page, and no others', async () => {
      const account = accountId('unsettled');
      const made = (
        [
          ['OPEN', 0],
          ['PENDING', 0],
          ['ACTION_REQUIRED', 0],
          ['PAID', 4],
          ['PAID', 0],
          ['FAILED', 0],
          ['EXPIRED', 0],
        ] as const
      ).map(([status, shortfall], index) => aPurchase(`unsettled-${index}`, account, { status, shortfall }));
      await store().savePayments('purchases', made);
      const found: PurchaseId[] = [];
      for (let after: PurchaseId | null = purchaseId('unsettled-'); ;) {
        const page: readonly Purchase[] = await store().findUnsettledPurchases(2, after);
        found.push(...idsOf(page));
        after = page.at(-1)?.id ?? null;
        if (!after?.startsWith('unsettled-')) break;
      }
      expect(found.filter((id) => id.startsWith('unsettled-'))).toEqual([
        'unsettled-0',
        'unsettled-1',
        'unsettled-2',
        'unsettled-3',
      ]);
      expect(await store().findUnsettledPurchases(0, null)).toEqual([]);
      expect((await store().findUnsettledPurchases(1, null)).length).toBe(1);
    });

    it.each(HOSTILE_STRINGS)('keep strings from outside as they are: %s', async (name, text) => {
      const account = accountId(`hostile ${name} ${text}`);
      const bought = aPurchase(`hostile ${name} ${text}`, account, { paymentId: `pay ${name} ${text}` });
      expect(await store().savePayments('purchases', [bought])).toEqual(['WON']);
      expect(await store().findPurchaseOf('stripe', { kind: 'PAYMENT', id: `pay ${name} ${text}` })).toEqual(
        stored(bought),
      );
      expect(await store().findPurchasePage(account, { count: 9, after: null, isBackward: false })).toEqual([
        stored(bought),
      ]);
    });
  });

  describe('links to customers', () => {
    it('are one per account and provider, and a customer belongs to one account', async () => {
      const [alice, bob] = [accountId('link-alice'), accountId('link-bob')];
      const toBe = aProviderLink(alice, { customerId: null });
      expect(await store().savePayments('providerLinks', [toBe, aProviderLink(bob, { customerId: null })])).toEqual([
        'WON',
        'WON',
      ]);
      const made = { ...stored(toBe), customerId: 'cus_alice' };
      expect(await store().savePayments('providerLinks', [made])).toEqual(['WON']);
      const stolen = { ...stored(aProviderLink(bob)), customerId: 'cus_alice' };
      expect(await store().savePayments('providerLinks', [stolen])).toEqual(['LOST']);
      const bornThief = aProviderLink(accountId('link-carol'), { customerId: 'cus_alice' });
      expect(await store().savePayments('providerLinks', [bornThief])).toEqual(['LOST']);
      const elsewhere = aProviderLink(bob, { provider: 'sandbox', customerId: 'cus_alice' });
      expect(await store().savePayments('providerLinks', [elsewhere])).toEqual(['WON']);
      expect(await store().findLinkOfCustomer('stripe', 'cus_alice')).toEqual(stored(made));
      expect(await store().findLinkOfCustomer('stripe', 'cus_nobody')).toBeNull();
      expect(await store().findPayments('providerLinks', ['stripe/link-alice', 'stripe/link-carol'])).toEqual([
        stored(made),
        null,
      ]);
    });
  });

  describe('the inbox', () => {
    it('takes an event once, and knows what is not done and what failed, the newest first', async () => {
      const done = aPaymentEvent('evt_1', 100, { doneAt: 101, attempts: 1 });
      const waiting = aPaymentEvent('evt_2', 102);
      const failed = aPaymentEvent('evt_3', 103, { attempts: 2, error: 'The provider is away.' });
      const all = [done, waiting, failed];
      expect(await store().savePayments('paymentEvents', all)).toEqual(['WON', 'WON', 'WON']);
      expect(await store().savePayments('paymentEvents', [waiting])).toEqual(['LOST']);
      const page = { count: 10, after: { at: 104, id: '' }, isBackward: false };
      const find = async (wanted: 'ALL' | 'UNDONE' | 'FAILED') =>
        (await store().findPaymentEventPage(wanted, page)).map(({ id }) => id);
      expect(await find('ALL')).toEqual(['stripe:evt_3', 'stripe:evt_2', 'stripe:evt_1']);
      expect(await find('UNDONE')).toEqual(['stripe:evt_3', 'stripe:evt_2']);
      expect(await find('FAILED')).toEqual(['stripe:evt_3']);
      const { back } = await walk(
        (each) => store().findPaymentEventPage('UNDONE', each),
        ({ receivedAt: at, id }: PaymentEvent): LogCursor => ({ at, id }),
      );
      expect(back.map(({ id }) => id)).toEqual(['stripe:evt_3', 'stripe:evt_2']);
    });

    it('forgets what was done long ago, and never what is not done', async () => {
      const old = [aPaymentEvent('old_1', 10, { doneAt: 11 }), aPaymentEvent('old_2', 10)];
      await store().savePayments('paymentEvents', [...old, aPaymentEvent('new_1', 20, { doneAt: 21 })]);
      await store().forgetPaymentEvents(20);
      const found = await store().findPayments('paymentEvents', ['stripe:old_1', 'stripe:old_2', 'stripe:new_1']);
      expect(found.map((each) => each?.id ?? null)).toEqual([null, 'stripe:old_2', 'stripe:new_1']);
    });
  });

  it('what the reconciler did last is kept for each provider, by compare and set', async () => {
    const first = aReconciler('stripe');
    expect(await store().savePayments('reconcilers', [first])).toEqual(['WON']);
    const run = { startedAt: 1, endedAt: 2, events: 3, objects: 4, changed: 5, failures: 1, failure: 'Away.' };
    const next = { ...stored(first), lastRun: run, askedUntil: 2, lockedUntil: null };
    expect(await store().savePayments('reconcilers', [next])).toEqual(['WON']);
    expect(await store().savePayments('reconcilers', [next])).toEqual(['LOST']);
    expect(await store().findPayments('reconcilers', ['sandbox', 'stripe'])).toEqual([null, stored(next)]);
  });
};

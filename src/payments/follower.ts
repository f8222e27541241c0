/**
 * Follows the objects of a provider: reads what is kept, fetches the object as it is now, writes what comes of it if
 * nobody wrote meanwhile, and otherwise begins again. What was fetched before somebody else's write may be older than it.
 */
import type { Acting } from '../admin/acting.js';
import { OperatorError } from '../admin/operatorError.js';
import { findPurchaseOf, settlePayment } from '../admin/payments/purchases.js';
import { settleSubscription } from '../admin/payments/settleSubscription.js';
import type { AccountId, PurchaseId } from '../domain/ids.js';
import { unreachable } from '../domain/invariant.js';
import type { ObjectRef, Provided, ProvidedPayment, ProvidedSubscription } from '../domain/provided.js';
import type { Purchase } from '../domain/purchase.js';
import type { Subscription } from '../domain/subscription.js';
import type { PaymentProvider } from './paymentProvider.js';

export interface Followed {
  /** Whether it has to do with Tollgate at all. */
  readonly isOurs: boolean;
  /** Whether anything was new. */
  readonly isChanged: boolean;
}

const FOREIGN: Followed = { isOurs: false, isChanged: false };
const RACES_MAX = 20;
const PURCHASES_OF_ACCOUNT = 500;

export class Follower {
  constructor(private readonly provider: PaymentProvider) {}

  /** One object. Throws what the provider or the store throws: nothing is known then. */
  follow(acting: Acting, ref: ObjectRef): Promise<Followed> {
    switch (ref.kind) {
      case 'CHECKOUT':
      case 'PAYMENT':
        return this.#followPayment(acting, ref);
      case 'SUBSCRIPTION':
        return this.#followSubscription(acting, ref);
      default:
        return unreachable(ref.kind);
    }
  }

  /** All that a customer has: for events that never came. Answers how many objects there were, and how many were new. */
  async followAll(
    acting: Acting,
    accountId: AccountId,
    customerId: string,
  ): Promise<{ readonly objects: number; readonly changed: number }> {
    const { store } = acting.bank;
    const page = { count: PURCHASES_OF_ACCOUNT, after: null, isBackward: false };
    const purchases = new Map((await store.findPurchasePage(accountId, page)).map((each) => [each.id, each]));
    const known: Known = { accountId, purchases, stored: await this.#storedOf(acting, accountId) };
    const all = await this.provider.fetchAll(customerId);
    let changed = 0;
    // The older subscription first: of several, the newest that runs counts in the end.
    for (const object of all.toSorted((a, b) => bornAt(a) - bornAt(b))) {
      if (await this.#followKnown(acting, known, object)) changed += 1;
    }
    return { objects: all.length, changed };
  }

  async #followKnown(acting: Acting, known: Known, object: Provided): Promise<boolean> {
    if (object.kind === 'SUBSCRIPTION') {
      const { accountId, stored } = known;
      const terms = { provider: this.provider.name, accountId, stored, provided: object };
      const settled = await settleSubscription(acting, terms);
      if (settled.outcome === 'RACED') {
        const { isChanged } = await this.#followSubscription(acting, { kind: 'SUBSCRIPTION', id: object.id });
        known.stored = await this.#storedOf(acting, accountId);
        return isChanged;
      }
      if (settled.isChanged) known.stored = await this.#storedOf(acting, accountId);
      return settled.isChanged;
    }
    const purchase = object.purchaseId === null ? undefined : known.purchases.get(object.purchaseId);
    const settled = purchase === undefined ? null : await settlePayment(acting, purchase, object);
    if (settled?.outcome === 'SETTLED') return settled.isChanged;
    const ref = refOf(object);
    return ref !== null && (await this.#followPayment(acting, ref)).isChanged;
  }

  async #followPayment(acting: Acting, ref: ObjectRef): Promise<Followed> {
    const { name } = this.provider;
    let purchase = await acting.bank.store.findPurchaseOf(name, ref);
    for (let races = 0; races < RACES_MAX; races += 1) {
      const payment = await this.provider.fetch(ref);
      if (payment?.kind !== 'PAYMENT') return FOREIGN;
      if (purchase === null) {
        purchase = await findPurchaseOf(acting.bank, name, payment);
        if (purchase === null) return FOREIGN;
        // It is read after the payment was fetched: once more, so that nothing older is written over something newer.
        continue;
      }
      const settled = await settlePayment(acting, purchase, payment);
      if (settled.outcome === 'SETTLED') return await this.#withSubscription(acting, payment, settled.isChanged);
      purchase = await this.#reload(acting, purchase);
    }
    throw busy();
  }

  /** A checkout that made a subscription: that is what was bought. */
  async #withSubscription(acting: Acting, payment: ProvidedPayment, isChanged: boolean): Promise<Followed> {
    const { subscriptionId: id } = payment;
    const made = id === null ? null : await this.#followSubscription(acting, { kind: 'SUBSCRIPTION', id });
    return { isOurs: true, isChanged: isChanged || (made?.isChanged ?? false) };
  }

  async #followSubscription(acting: Acting, ref: ObjectRef): Promise<Followed> {
    let accountId = (await acting.bank.store.findPurchaseOf(this.provider.name, ref))?.accountId ?? null;
    for (let races = 0; races < RACES_MAX; races += 1) {
      const stored: Subscription | null = accountId === null ? null : await this.#storedOf(acting, accountId);
      const provided = await this.provider.fetch(ref);
      if (provided?.kind !== 'SUBSCRIPTION') return FOREIGN;
      if (accountId === null) {
        accountId = await this.#accountOf(acting, provided);
        if (accountId === null) return FOREIGN;
        continue;
      }
      const terms = { provider: this.provider.name, accountId, stored, provided };
      const settled = await settleSubscription(acting, terms);
      if (settled.outcome === 'SETTLED') return { isOurs: true, isChanged: settled.isChanged };
    }
    throw busy();
  }

  /** By its customer; one whose customer was deleted, by the purchase that began it. */
  async #accountOf({ bank }: Acting, provided: ProvidedSubscription): Promise<AccountId | null> {
    const { name } = this.provider;
    const { customerId, purchaseId: id } = provided;
    const link = await bank.store.findLinkOfCustomer(name, customerId);
    if (link !== null) return link.accountId;
    const begun = id === null ? null : await findPurchaseOf(bank, name, { purchaseId: id, id: null, checkoutId: null });
    return begun?.accountId ?? null;
  }

  async #storedOf({ bank }: Acting, accountId: AccountId): Promise<Subscription | null> {
    return (await bank.store.findSubscriptions([accountId]))[0] ?? null;
  }

  async #reload({ bank }: Acting, { id }: Purchase): Promise<Purchase> {
    const [purchase] = await bank.store.findPayments('purchases', [id]);
    if (purchase == null) throw new OperatorError('NOT_FOUND', 'There is no such purchase.', 'purchaseId');
    return purchase;
  }
}

/** What was read before an account's objects were fetched. */
interface Known {
  readonly accountId: AccountId;
  readonly purchases: ReadonlyMap<PurchaseId, Purchase>;
  stored: Subscription | null;
}

/** Payments come first, in whatever order. */
const bornAt = (object: Provided): number => (object.kind === 'SUBSCRIPTION' ? object.createdAt : 0);

const refOf = ({ checkoutId, id }: ProvidedPayment): ObjectRef | null => {
  if (checkoutId !== null) return { kind: 'CHECKOUT', id: checkoutId };
  return id === null ? null : { kind: 'PAYMENT', id };
};

const busy = (): OperatorError =>
  new OperatorError('CONFLICT', 'Others write the same at the same time. Send it again later.');

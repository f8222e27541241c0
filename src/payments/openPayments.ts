/**
 * Takes money: a desk for the APIs, a webhook for the provider, and a reconciler that makes up for what was not told.
 * Whoever runs a server opens it once, beside its bank.
 */
import { actingAs } from '../admin/acting.js';
import type { Acting } from '../admin/acting.js';
import { OperatorError } from '../admin/operatorError.js';
import { openPurchase } from '../admin/payments/openPurchase.js';
import type { PurchaseOffer } from '../admin/payments/openPurchase.js';
import {
  findProviderLink,
  linkCustomer,
  openLink,
  setAutoTopUp,
  unlinkCustomer,
} from '../admin/payments/providerLinks.js';
import { attachCheckout, refundPurchase } from '../admin/payments/purchases.js';
import { loadAccount, loadOffer } from '../admin/loadCurrent.js';
import type { CheckoutRequest, PaymentDesk, PortalRequest } from '../api/paymentDesk.js';
import { listenToCharges } from '../accounts/afterCharge.js';
import type { Bank } from '../accounts/bank.js';
import type { AccountId, PurchaseId } from '../domain/ids.js';
import { unreachable } from '../domain/invariant.js';
import type { CreditPrice } from '../domain/offer.js';
import type { Purchase } from '../domain/purchase.js';
import { Follower } from './follower.js';
import { Inbox } from './inbox.js';
import { ProviderError } from './paymentProvider.js';
import type { Offer, PaymentProvider, PortalFlow } from './paymentProvider.js';
import { Reconciler } from './reconciler.js';
import { TopUps } from './topUps.js';
import { createWebhook } from './webhook.js';
import type { Webhook } from './webhook.js';

export interface PaymentOptions {
  readonly bank: Bank;
  readonly provider: PaymentProvider;
  /** Of any number of credits; `null`: they are sold in packs alone. */
  readonly creditPrice: CreditPrice | null;
  /** Where people come back to who did not say where. */
  readonly returnUrl: (about: { readonly accountId: AccountId; readonly refusalId: string | null }) => string;
}

export interface Payments {
  readonly desk: PaymentDesk;
  readonly webhook: Webhook;
  readonly reconciler: Reconciler;
  readonly topUps: TopUps;
  /** Waits for charges under way. */
  readonly close: () => Promise<void>;
}

export const openPayments = (options: PaymentOptions): Payments => {
  const { bank, provider } = options;
  const follower = new Follower(provider);
  const inbox = new Inbox(bank, provider, follower);
  const topUps = new TopUps(bank, provider, follower);
  const reconciler = new Reconciler({ bank, provider, inbox, follower, topUps });
  listenToCharges(bank, (accountId, available) => {
    topUps.charged(accountId, available);
  });
  return {
    desk: new Desk(options, { follower, inbox, topUps, reconciler }),
    webhook: createWebhook(bank, provider, inbox),
    reconciler,
    topUps,
    close: async () => {
      reconciler.stop();
      await topUps.settled();
    },
  };
};

interface Parts {
  readonly follower: Follower;
  readonly inbox: Inbox;
  readonly topUps: TopUps;
  readonly reconciler: Reconciler;
}

class Desk implements PaymentDesk {
  readonly provider: string;

  constructor(
    private readonly options: PaymentOptions,
    private readonly parts: Parts,
  ) {
    this.provider = options.provider.name;
  }

  async checkout({ accountId, wanted, refusalId, returnUrl, idempotencyKey }: CheckoutRequest): Promise<Purchase> {
    const { creditPrice } = this.options;
    const acting = this.#acting();
    const order = { accountId, provider: this.provider, wanted, creditPrice, refusalId, origin: 'CHECKOUT' as const };
    const { purchase, offer } = await openPurchase(acting, order, idempotencyKey);
    // Paid already, or a page is open: a second click is the first one.
    if (purchase.checkout !== null || purchase.status !== 'OPEN') return purchase;
    const back = returnUrl ?? this.options.returnUrl({ accountId, refusalId });
    const checkout = await this.#asked(() =>
      this.#withCustomer(acting, accountId, (customerId) =>
        this.options.provider.checkout({
          ...{ purchaseId: purchase.id, accountId, customerId, returnUrl: back },
          ...{ offer: offerOf(offer, purchase), keepsCard: offer.kind !== 'PLAN' },
        }),
      ),
    );
    return attachCheckout(acting, purchase, checkout);
  }

  async portal({ accountId, aim, planId, returnUrl }: PortalRequest): Promise<{ readonly url: string }> {
    const { bank, provider } = this.options;
    const link = await findProviderLink(bank, { accountId, provider: this.provider });
    const customerId = link?.customerId ?? null;
    if (customerId === null) {
      throw new OperatorError('NOT_FOUND', `This account has bought nothing at ${this.provider} yet.`, 'accountId');
    }
    const flow = await this.#flowOf(accountId, aim, planId);
    const back = returnUrl ?? this.options.returnUrl({ accountId, refusalId: null });
    return this.#asked(() => provider.portal({ customerId, flow, returnUrl: back }));
  }

  async setAutoTopUp(...[accountId, wanted]: Parameters<PaymentDesk['setAutoTopUp']>) {
    const link = await setAutoTopUp(this.#acting(), { accountId, provider: this.provider }, wanted);
    this.parts.topUps.forget(accountId);
    if (wanted !== null) this.parts.topUps.charged(accountId, 0);
    return link.autoTopUp;
  }

  async refund(purchaseId: PurchaseId, amountMinor: number | null, idempotencyKey: string): Promise<Purchase> {
    const { bank, provider } = this.options;
    const acting = this.#acting();
    const { paymentId } = await refundPurchase(acting, { purchaseId, amountMinor }, idempotencyKey, async (order) => {
      const [purchase] = await bank.store.findPayments('purchases', [purchaseId]);
      const currency = purchase?.price.currency ?? '';
      const amount = { amountMinor: order.amountMinor, currency };
      await this.#asked(() => provider.refund({ paymentId: order.paymentId, amount, key: order.key }));
    });
    await this.#asked(() => this.parts.follower.follow(acting, { kind: 'PAYMENT', id: paymentId }));
    const [purchase] = await bank.store.findPayments('purchases', [purchaseId]);
    if (purchase == null) throw new OperatorError('NOT_FOUND', 'There is no such purchase.', 'purchaseId');
    return purchase;
  }

  async replay(eventId: string): Promise<void> {
    await this.#asked(() => this.parts.inbox.replay(eventId));
  }

  reconcile(...[accountId]: Parameters<PaymentDesk['reconcile']>): ReturnType<PaymentDesk['reconcile']> {
    const { reconciler } = this.parts;
    return accountId === null ? reconciler.runAll({ isComplete: true }) : reconciler.runAccount(accountId);
  }

  /** The link is written before its customer is made, so that whoever dies between the two makes the same one later. */
  async #withCustomer<Answer>(
    acting: Acting,
    accountId: AccountId,
    act: (customerId: string) => Promise<Answer>,
  ): Promise<Answer> {
    const customerId = await this.#customerOf(acting, accountId, null);
    try {
      return await act(customerId);
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.isCustomerGone) throw error;
      await unlinkCustomer(acting, { accountId, provider: this.provider }, customerId);
      return act(await this.#customerOf(acting, accountId, customerId));
    }
  }

  /** `gone`: the one that was deleted there, under whose key the provider would still name it. */
  async #customerOf(acting: Acting, accountId: AccountId, gone: string | null): Promise<string> {
    const named = { accountId, provider: this.provider };
    const link = await openLink(acting, named);
    if (link.customerId !== null) return link.customerId;
    const { name } = await loadAccount(acting.bank, accountId);
    const key = `tollgate/customer/${accountId}${gone === null ? '' : `/after/${gone}`}`;
    const made = await this.options.provider.createCustomer({ accountId, name, key, askedAt: link.createdAt });
    return (await linkCustomer(acting, named, made)).customerId ?? made;
  }

  async #flowOf(accountId: AccountId, aim: PortalRequest['aim'], planId: string | null): Promise<PortalFlow> {
    switch (aim) {
      case 'OVERVIEW':
      case 'UPDATE_PAYMENT_METHOD':
        return { kind: aim };
      case 'CANCEL':
        return { kind: aim, subscriptionId: await this.#keptAt(accountId) };
      case 'CHANGE_PLAN': {
        const plan = await loadOffer(this.options.bank, planId ?? '');
        return { kind: aim, subscriptionId: await this.#keptAt(accountId), plan };
      }
      default:
        return unreachable(aim);
    }
  }

  async #keptAt(accountId: AccountId): Promise<string> {
    const [subscription] = await this.options.bank.store.findSubscriptions([accountId]);
    const keptBy = subscription?.keptBy ?? null;
    if (keptBy?.provider === this.provider) return keptBy.id;
    throw new OperatorError('CONFLICT', `No subscription of this account is kept by ${this.provider}.`, 'accountId');
  }

  #acting(): Acting {
    return actingAs(this.options.bank, { kind: 'provider', name: this.provider, event: null });
  }

  /** A provider that is away is told from one that refuses: the one may be asked again. */
  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.options.bank.settings.onFailure(error);
      if (error.isFinal) throw new OperatorError('CONFLICT', error.message);
      throw new OperatorError(
        'SERVICE_UNAVAILABLE',
        'Whoever takes the money can’t be reached now. Try again in a minute.',
      );
    }
  }
}

const offerOf = (offer: PurchaseOffer, { credits, price }: Purchase): Offer =>
  offer.kind === 'CREDITS' ? { kind: 'CREDITS', credits, price } : offer;

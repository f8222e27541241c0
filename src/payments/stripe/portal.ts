/**
 * Stripe's page on which a customer changes what was agreed. Upgrades are invoiced at once, downgrades wait for the
 * period's end: that is settled by the portal's configuration, of which there is one for what all may do, and one for
 * each plan that can be changed to, since one configuration holds ten products at most.
 */
import type Stripe from 'stripe';
import { ProviderError } from '../paymentProvider.js';
import type { PaymentProvider, PortalFlow } from '../paymentProvider.js';
import { keyOf, planOfPrice } from './priceBook.js';
import type { PriceBook } from './priceBook.js';
import type { StripeLink } from './stripeLink.js';

/** What a configuration of ours is known by, with the number of its settings: others make others. */
const CONFIGURATION = 'tollgate_portal';
const SETTINGS = 1;

type Order = Parameters<PaymentProvider['portal']>[0];
type Features = Stripe.BillingPortal.ConfigurationCreateParams['features'];
type FlowData = NonNullable<Stripe.BillingPortal.SessionCreateParams['flow_data']>;

/** What everybody may do. Plans are changed by way of Tollgate, which knows which of them are on offer. */
const FEATURES: Features = {
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true },
  subscription_cancel: { enabled: true, mode: 'at_period_end', proration_behavior: 'none' },
};

export class Portal {
  readonly #configurations = new Map<string, string>();

  constructor(
    private readonly link: StripeLink,
    private readonly prices: PriceBook,
  ) {}

  async open({ customerId, flow, returnUrl }: Order): Promise<{ readonly url: string }> {
    const { configuration, flowData } = await this.#terms(flow, returnUrl);
    const params: Stripe.BillingPortal.SessionCreateParams = {
      customer: customerId,
      configuration,
      return_url: returnUrl,
      ...(flowData === null ? {} : { flow_data: flowData }),
    };
    const { url } = await this.link.ask((sdk) => sdk.billingPortal.sessions.create(params));
    return { url };
  }

  async #terms(flow: PortalFlow, returnUrl: string): Promise<{ configuration: string; flowData: FlowData | null }> {
    const after_completion = { type: 'redirect' as const, redirect: { return_url: returnUrl } };
    if (flow.kind === 'CHANGE_PLAN') {
      const price = await this.prices.idOf({ kind: 'PLAN', plan: flow.plan, withTrial: false });
      const items = [{ id: await this.#planItem(flow.subscriptionId), price, quantity: 1 }];
      const subscription_update_confirm = { subscription: flow.subscriptionId, items };
      return {
        configuration: await this.#configurationOf(
          `change/${keyOf({ kind: 'PLAN', plan: flow.plan, withTrial: false })}`,
          () => this.#changingTo(price),
        ),
        flowData: { type: 'subscription_update_confirm', subscription_update_confirm, after_completion },
      };
    }
    const configuration = await this.#configurationOf('all', async () => FEATURES);
    switch (flow.kind) {
      case 'OVERVIEW':
        return { configuration, flowData: null };
      case 'UPDATE_PAYMENT_METHOD':
        return { configuration, flowData: { type: 'payment_method_update', after_completion } };
      case 'CANCEL': {
        const subscription_cancel = { subscription: flow.subscriptionId };
        return { configuration, flowData: { type: 'subscription_cancel', subscription_cancel, after_completion } };
      }
    }
  }

  async #planItem(subscriptionId: string): Promise<string> {
    const { items } = await this.link.ask((sdk) => sdk.subscriptions.retrieve(subscriptionId));
    const item = items.data.find(({ price }) => planOfPrice(price) !== null);
    if (item === undefined) throw new ProviderError('stripe', `${subscriptionId} is to no plan of Tollgate's.`, true);
    return item.id;
  }

  async #changingTo(price: string): Promise<Features> {
    const { product } = await this.link.ask((sdk) => sdk.prices.retrieve(price));
    return {
      ...FEATURES,
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price'],
        products: [{ product: typeof product === 'string' ? product : product.id, prices: [price] }],
        proration_behavior: 'always_invoice',
        schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }, { type: 'shortening_interval' }] },
        trial_update_behavior: 'end_trial',
      },
    };
  }

  async #configurationOf(name: string, features: () => Promise<Features>): Promise<string> {
    const known = this.#configurations.get(name);
    if (known !== undefined) return known;
    const mark = `${SETTINGS}/${name}`;
    const all = await this.link.all((sdk) => sdk.billingPortal.configurations.list({ active: true, limit: 100 }));
    const found = all.find(({ metadata }) => metadata?.[CONFIGURATION] === mark);
    const { id } = found ?? (await this.#make(mark, await features()));
    this.#configurations.set(name, id);
    return id;
  }

  #make(mark: string, features: Features): Promise<Stripe.BillingPortal.Configuration> {
    const params = { features, name: `Tollgate ${mark}`, metadata: { [CONFIGURATION]: mark } };
    return this.link.ask((sdk) =>
      sdk.billingPortal.configurations.create(params, { idempotencyKey: `tollgate/portal/${mark}` }),
    );
  }
}

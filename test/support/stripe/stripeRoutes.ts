/** The routes of Stripe's API that Tollgate asks, over a world. `type`: their parameters' name in checkedTypes.ts. */
import { isRecord } from '../../../src/domain/isRecord.js';
import type Stripe from 'stripe';
import { NO_FEATURES } from './stripeObjects.js';
import { itemOf, Refused } from './stripeWorld.js';
import type { StripeWorld, WorldEvent } from './stripeWorld.js';

/** As they come in a form: text, lists and records of it. */
export type Params = Readonly<Record<string, unknown>>;

interface Context {
  readonly id: string;
  readonly isDelivered: (event: WorldEvent) => boolean;
}

type Handle = (world: StripeWorld, params: Params, context: Context) => object;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly type: string;
  readonly handle: Handle;
}

export const findRoute = (method: string, path: string): (Route & { readonly id: string }) | null => {
  for (const route of ROUTES) {
    const found = route.method === method ? route.path.exec(path) : null;
    if (found !== null) return { ...route, id: found[1] ?? '' };
  }
  return null;
};

const text = (params: Params, name: string): string | undefined => {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
};
const record = (params: Params, name: string): Params => {
  const value = params[name];
  return isRecord(value) ? value : {};
};
const list = (params: Params, name: string): readonly Params[] => {
  const value = params[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
};
const metadataOf = (params: Params): Stripe.Metadata => ({ ...record(params, 'metadata') }) as Stripe.Metadata;

interface Listed {
  readonly id: string;
}

/** Newest first, as all lists of Stripe. */
const page = (oldestFirst: readonly Listed[], params: Params): object => {
  const found = oldestFirst.toReversed();
  const size = Math.min(Number(text(params, 'limit') ?? 10), 100);
  const [after, before] = [text(params, 'starting_after'), text(params, 'ending_before')];
  const at = found.findIndex(({ id }) => id === (after ?? before));
  const from = before === undefined ? at + 1 : Math.max(0, at - size);
  const data = before === undefined ? found.slice(from, from + size) : found.slice(from, at);
  const has_more = before === undefined ? from + size < found.length : from > 0;
  return { object: 'list', url: '/v1', data, has_more };
};

const isOf =
  (params: Params, ...names: readonly string[]) =>
  (object: object): boolean =>
    names.every((name) => params[name] === undefined || Reflect.get(object, name) === params[name]);

const customerOf = (world: StripeWorld, params: Params): string => {
  const id = text(params, 'customer') ?? '';
  const missing = { code: 'resource_missing', message: `No such customer: '${id}'`, param: 'customer' };
  if (world.deleted.has(id)) throw new Refused(400, missing);
  return world.find('customer', id).id;
};

const price: Handle = (world, params) => {
  const key = text(params, 'lookup_key') ?? null;
  if (key !== null && world.all('price').some(({ lookup_key: taken }) => taken === key)) {
    throw new Refused(400, { message: `A price (\`price_x\`) already uses that lookup key.` });
  }
  const recurring = record(params, 'recurring')['interval'];
  return world.make('price', {
    ...{ currency: text(params, 'currency') ?? '', unit_amount: Number(params['unit_amount']), lookup_key: key },
    ...{ metadata: metadataOf(params), type: recurring === undefined ? 'one_time' : 'recurring' },
    recurring:
      recurring === undefined
        ? null
        : {
            ...{ interval: recurring as 'month' | 'year', interval_count: 1, meter: null, trial_period_days: null },
            usage_type: 'licensed',
          },
  });
};

const checkout: Handle = (world, params) => {
  const customer = customerOf(world, params);
  const [item = {}] = list(params, 'line_items');
  const named = text(item, 'price');
  const sold = named === undefined ? null : world.find('price', named);
  const inline = record(item, 'price_data');
  const amount_total = sold?.unit_amount ?? Number(inline['unit_amount']);
  const mode = text(params, 'mode') === 'subscription' ? 'subscription' : 'payment';
  const details = record(params, mode === 'subscription' ? 'subscription_data' : 'payment_intent_data');
  return world.openCheckout(
    {
      ...{ mode, customer, amount_total, currency: sold?.currency ?? text(inline, 'currency') ?? '' },
      ...{ client_reference_id: text(params, 'client_reference_id') ?? null, metadata: metadataOf(params) },
      success_url: text(params, 'success_url') ?? null,
    },
    {
      price: sold,
      trialDays: Number(details['trial_period_days'] ?? 0),
      metadata: metadataOf(details),
      keepsCard: details['setup_future_usage'] === 'off_session',
    },
  );
};

/** A plan can be changed to what the configuration lists, and to nothing else. */
const portalSession: Handle = (world, params) => {
  const configuration = world.find('billing_portal.configuration', text(params, 'configuration') ?? '');
  const flow = params['flow_data'] === undefined ? null : record(params, 'flow_data');
  const confirmed = flow === null ? {} : record(flow, 'subscription_update_confirm');
  for (const item of list(confirmed, 'items')) {
    const subscription = world.find('subscription', text(confirmed, 'subscription') ?? '');
    if (itemOf(subscription).id !== item['id']) throw new Refused(400, { message: 'No such subscription item.' });
    if (!JSON.stringify(configuration.features.subscription_update).includes(`"${text(item, 'price') ?? ''}"`)) {
      throw new Refused(400, { message: `The configuration ${configuration.id} does not include the price.` });
    }
  }
  const session = world.make('billing_portal.session', {
    ...{ customer: customerOf(world, params), configuration: configuration.id },
    return_url: text(params, 'return_url') ?? null,
  });
  world.flows.set(session.id, flow ?? {});
  session.url = `https://portal.stripe.test/${session.id}`;
  return session;
};

const cancelOf = (features: Params) => ({
  enabled: isRecord(features['subscription_cancel']),
  mode: text(record(features, 'subscription_cancel'), 'mode') ?? 'at_period_end',
});

/** What was not asked for is off. */
const configuration: Handle = (world, params) => {
  const asked = record(params, 'features');
  const change = record(asked, 'subscription_update');
  const features = {
    ...structuredClone(NO_FEATURES),
    invoice_history: { enabled: isRecord(asked['invoice_history']) },
    payment_method_update: { ...NO_FEATURES.payment_method_update, enabled: isRecord(asked['payment_method_update']) },
    subscription_cancel: { ...NO_FEATURES.subscription_cancel, ...cancelOf(asked) },
    subscription_update: {
      ...{ ...NO_FEATURES.subscription_update, enabled: change['enabled'] === 'true' },
      ...{ default_allowed_updates: change['default_allowed_updates'] ?? [] },
      products: list(change, 'products').map((product) => ({
        ...product,
        adjustable_quantity: { enabled: false, maximum: null, minimum: 1 },
      })),
      proration_behavior: text(change, 'proration_behavior') ?? 'none',
      schedule_at_period_end: { conditions: list(record(change, 'schedule_at_period_end'), 'conditions') },
    },
  } as unknown as Stripe.BillingPortal.Configuration.Features;
  return world.make('billing_portal.configuration', { features, metadata: metadataOf(params) });
};

const charge: Handle = (world, params) => {
  const customer = customerOf(world, params);
  const card = world.cardOf(customer) ?? 'GOOD';
  const terms = { amount: Number(params['amount']), currency: text(params, 'currency') ?? '', customer };
  const intent = world.collect(terms, card, metadataOf(params));
  if (card === 'GOOD') return intent;
  const { code, message } = intent.last_payment_error ?? {};
  throw new Refused(402, { type: 'card_error', code, message: message ?? '', payment_intent: intent });
};

const eventPage: Handle = (world, params, { isDelivered }) => {
  const wanted = world.events.filter((event) => {
    const { types, delivery_success: success } = params;
    const since = Number(record(params, 'created')['gte'] ?? 0);
    const isWanted = !Array.isArray(types) || types.includes(event.type);
    return isWanted && event.created >= since && (success === undefined || isDelivered(event) === (success === 'true'));
  });
  return page(wanted, params);
};

const invoicePayments: Handle = (world, params) => {
  const { payment_intent: intent } = record(params, 'payment');
  return page(
    world.all('invoice_payment').filter(({ payment }) => payment.payment_intent === intent),
    params,
  );
};

const invoicePage: Handle = (world, params) => {
  const subscription = text(params, 'subscription');
  const found = world.all('invoice').filter(isOf(params, 'customer', 'status'));
  return page(
    found.filter(
      ({ parent }) => subscription === undefined || parent?.subscription_details?.subscription === subscription,
    ),
    params,
  );
};

const customer: Handle = (world, _params, { id }) =>
  world.deleted.has(id) ? { id, object: 'customer', deleted: true } : world.find('customer', id);

/** `metadata['name']:'value'`. Search knows what is an hour old. */
const search: Handle = (world, params) => {
  const [, name = '', value = ''] = /^metadata\['(\w+)'\]:'((?:[^'\\]|\\.)*)'$/.exec(text(params, 'query') ?? '') ?? [];
  const plain = value.replace(/\\(.)/g, '$1');
  const data = world
    .all('customer')
    .filter(
      ({ metadata, created, id }) => metadata[name] === plain && created <= world.now - 60 && !world.deleted.has(id),
    );
  return { object: 'search_result', url: '/v1/customers/search', data, has_more: false, next_page: null };
};

const get =
  (kind: Parameters<StripeWorld['find']>[0]): Handle =>
  (world, _params, { id }) =>
    world.find(kind, id);

const ROUTES: readonly Route[] = (
  [
    ['POST', /^\/v1\/customers$/, 'CustomerCreate', (w, p) => w.make('customer', { metadata: metadataOf(p) })],
    ['GET', /^\/v1\/customers\/search$/, 'CustomerSearch', search],
    [
      'GET',
      /^\/v1\/customers\/(\w+)\/payment_methods$/,
      'PaymentMethodsOfCustomerList',
      (w, p, { id }) =>
        page(
          w.all('payment_method').filter((method) => method.customer === id),
          p,
        ),
    ],
    [
      'POST',
      /^\/v1\/customers\/(\w+)$/,
      'CustomerUpdate',
      (w, p, { id }) => Object.assign(w.find('customer', id), { name: text(p, 'name') ?? null }),
    ],
    ['GET', /^\/v1\/customers\/(\w+)$/, 'CustomerRetrieve', customer],
    ['POST', /^\/v1\/prices$/, 'PriceCreate', price],
    [
      'GET',
      /^\/v1\/prices$/,
      'PriceList',
      (w, p) => {
        const keys = p['lookup_keys'];
        return page(
          w.all('price').filter((one) => !Array.isArray(keys) || keys.includes(one.lookup_key)),
          p,
        );
      },
    ],
    ['GET', /^\/v1\/prices\/(\w+)$/, 'PriceRetrieve', get('price')],
    ['POST', /^\/v1\/checkout\/sessions$/, 'CheckoutSessionCreate', checkout],
    [
      'GET',
      /^\/v1\/checkout\/sessions$/,
      'CheckoutSessionList',
      (w, p) => page(w.all('checkout.session').filter(isOf(p, 'customer', 'payment_intent', 'subscription')), p),
    ],
    ['GET', /^\/v1\/checkout\/sessions\/(\w+)$/, 'CheckoutSessionRetrieve', get('checkout.session')],
    ['POST', /^\/v1\/billing_portal\/sessions$/, 'PortalSessionCreate', portalSession],
    ['POST', /^\/v1\/billing_portal\/configurations$/, 'PortalConfigurationCreate', configuration],
    [
      'GET',
      /^\/v1\/billing_portal\/configurations$/,
      'PortalConfigurationList',
      (w, p) => page(w.all('billing_portal.configuration'), p),
    ],
    [
      'GET',
      /^\/v1\/subscriptions$/,
      'SubscriptionList',
      (w, p) => page(w.all('subscription').filter(isOf(p, 'customer')), p),
    ],
    ['GET', /^\/v1\/subscriptions\/(\w+)$/, 'SubscriptionRetrieve', get('subscription')],
    ['GET', /^\/v1\/invoices$/, 'InvoiceList', invoicePage],
    ['GET', /^\/v1\/invoices\/(\w+)$/, 'InvoiceRetrieve', get('invoice')],
    ['GET', /^\/v1\/invoice_payments$/, 'InvoicePaymentList', invoicePayments],
    ['POST', /^\/v1\/payment_intents$/, 'PaymentIntentCreate', charge],
    [
      'GET',
      /^\/v1\/payment_intents$/,
      'PaymentIntentList',
      (w, p) => page(w.all('payment_intent').filter(isOf(p, 'customer')), p),
    ],
    ['GET', /^\/v1\/payment_intents\/(\w+)$/, 'PaymentIntentRetrieve', get('payment_intent')],
    [
      'POST',
      /^\/v1\/refunds$/,
      'RefundCreate',
      (w, p) => w.refund(text(p, 'payment_intent') ?? '', p['amount'] === undefined ? undefined : Number(p['amount'])),
    ],
    ['GET', /^\/v1\/refunds$/, 'RefundList', (w, p) => page(w.all('refund').filter(isOf(p, 'payment_intent')), p)],
    ['GET', /^\/v1\/disputes$/, 'DisputeList', (w, p) => page(w.all('dispute').filter(isOf(p, 'payment_intent')), p)],
    ['GET', /^\/v1\/events$/, 'EventList', eventPage],
  ] satisfies readonly (readonly [string, RegExp, string, Handle])[]
).map(([method, path, type, handle]) => ({ method, path, type, handle }));

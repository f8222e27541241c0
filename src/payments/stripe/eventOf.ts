/**
 * What an event points at. Its payload counts for nothing else: it is of the moment at which it was sent, and of the
 * version of the API that the endpoint was made with.
 */
import type Stripe from 'stripe';
import { isRecord } from '../../domain/isRecord.js';
import type { ObjectRef } from '../../domain/provided.js';
import type { ProviderEvent } from '../paymentProvider.js';

/** What the endpoint is to be subscribed to. Not `invoice.created`: to answer it is what finalisation waits for. */
export const EVENT_TYPES = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_action_required',
  'charge.refunded',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
] as const satisfies readonly Stripe.Event['type'][];

const isKnown = (type: string): boolean => EVENT_TYPES.some((each) => each === type);

interface SentEvent extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly livemode: boolean;
}

/** An event of the other mode, or of an account that is connected to ours, changes nothing here. */
export const eventOf = (event: SentEvent, isLive: boolean): ProviderEvent => {
  const isOurs = event.livemode === isLive && event['account'] === undefined && isKnown(event.type);
  const object = isOurs ? at(event, 'data', 'object') : null;
  return { id: event.id, type: event.type, at: event.created * 1000, object: refOf(object) };
};

const refOf = (object: unknown): ObjectRef | null => {
  switch (at(object, 'object')) {
    case 'checkout.session':
      return ref('CHECKOUT', at(object, 'id'));
    case 'subscription':
      return ref('SUBSCRIPTION', at(object, 'id'));
    case 'invoice':
      // Endpoints that were made before the version `basil` are sent the second one.
      return ref(
        'SUBSCRIPTION',
        at(object, 'parent', 'subscription_details', 'subscription') ?? at(object, 'subscription'),
      );
    case 'charge':
    case 'refund':
    case 'dispute':
      return ref('PAYMENT', at(object, 'payment_intent'));
    default:
      return null;
  }
};

/** An id, or the object in its place where it was expanded. */
const ref = (kind: ObjectRef['kind'], named: unknown): ObjectRef | null => {
  const id = typeof named === 'string' ? named : at(named, 'id');
  return typeof id === 'string' ? { kind, id } : null;
};

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);

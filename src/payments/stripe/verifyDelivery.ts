/** Whether a delivery is Stripe's, and of now: its signature over the raw body, and its time stamp in both directions. */
import type Stripe from 'stripe';
import { isRecord } from '../../domain/isRecord.js';
import type { Instant } from '../../domain/period.js';
import { WebhookFault } from '../paymentProvider.js';
import type { StripeLink } from './stripeLink.js';

const TOLERANCE_SECONDS = 300;
/** The SDK leaves the time stamp alone: it would let in what is dated ahead. */
const ANY_TIME = 0;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The event as it was sent. Its content is Stripe's, of whatever version the endpoint was made with. */
export const verifyDelivery = (
  link: StripeLink,
  secrets: readonly string[],
  { body, headers, now }: { readonly body: Buffer; readonly headers: Headers; readonly now: Instant },
): Pick<Stripe.Event, 'id' | 'type' | 'created' | 'livemode'> & Readonly<Record<string, unknown>> => {
  const header = headers['stripe-signature'];
  if (typeof header !== 'string' || header === '' || body.length === 0) {
    throw new WebhookFault('NOT_SIGNED', 'Stripe signs what it sends: there is no Stripe-Signature, or no body.');
  }
  if (!secrets.some((secret) => isSigned(link, { body, header, secret }))) {
    throw new WebhookFault('NO_MATCH', 'The signature matches none of the secrets in STRIPE_WEBHOOK_SECRET.');
  }
  checkTime(header, now);
  return eventIn(body);
};

const isSigned = (
  { signatures }: StripeLink,
  { body, header, secret }: { readonly body: Buffer; readonly header: string; readonly secret: string },
): boolean => {
  try {
    return signatures.verifyHeader(body, header, secret, ANY_TIME);
  } catch {
    return false;
  }
};

/** The last `t` of the header is the one that was signed, as the SDK reads it. */
const checkTime = (header: string, now: Instant): void => {
  const stamps = header.split(',').filter((part) => part.startsWith('t='));
  const at = Number.parseInt(stamps.at(-1)?.slice(2) ?? '', 10);
  const age = Math.floor(now / 1000) - at;
  if (!(age <= TOLERANCE_SECONDS))
    throw new WebhookFault('TOO_OLD', `It was signed more than ${TOLERANCE_SECONDS} s ago.`);
  if (age < -TOLERANCE_SECONDS) {
    throw new WebhookFault('IN_FUTURE', `It is dated more than ${TOLERANCE_SECONDS} s ahead. Is the clock right?`);
  }
};

const eventIn = (body: Buffer): ReturnType<typeof verifyDelivery> => {
  const event = parsed(body.toString('utf8'));
  if (isRecord(event) && event['object'] === 'event') {
    const { id, type, created, livemode } = event;
    if (typeof id === 'string' && typeof type === 'string' && typeof created === 'number') {
      return { ...event, id, type: type as Stripe.Event['type'], created, livemode: livemode === true };
    }
  }
  throw new WebhookFault('MALFORMED', 'It is signed, and is no event that this version knows how to read.');
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

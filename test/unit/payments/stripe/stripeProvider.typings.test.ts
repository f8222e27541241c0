/** The checks that the other tests of Stripe rest on: what they refuse, and that all that the double makes passes them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { StripeTypings } from '../../../support/stripe/stripeTypings.js';
import { newObject, TYPE_NAMES } from '../../../support/stripe/stripeObjects.js';
import type { Kind } from '../../../support/stripe/stripeObjects.js';

let typings: StripeTypings;
beforeAll(() => {
  typings = new StripeTypings();
});

describe('requests held against the typings of the SDK', () => {
  it.each([
    [{ mode: 'payment', nonsense: '1' }, '.nonsense is unknown'],
    [{ mode: 'payment', payment_method_types: ['card'] }, '.payment_method_types is unknown'],
    [{ mode: 'paymnt' }, '.mode is "paymnt", which is none of 5 types'],
    [{ mode: 'payment', ui_mode: 'hosted' }, '.ui_mode is "hosted", which is none of 6 types'],
    [{ line_items: [{ price: 'p', quantity: 'two' }] }, '.line_items.0.quantity is "two", which is none of 2 types'],
  ])('refuse %j', (params, fault) => {
    expect(typings.faultOf('RequestCheckoutSessionCreate', params, 'FORM')).toBe(
      `RequestCheckoutSessionCreate${fault}`,
    );
  });

  it('refuse one without what is required', () => {
    expect(typings.faultOf('RequestPriceCreate', { unit_amount: '100' }, 'FORM')).toBe(
      'RequestPriceCreate.currency is missing',
    );
  });

  it('let through what Stripe documents', () => {
    const params = { mode: 'payment', success_url: 'x', line_items: [{ price: 'p', quantity: '2' }] };
    expect(typings.faultOf('RequestCheckoutSessionCreate', params, 'FORM')).toBeNull();
  });
});

describe('objects of the double, made of Stripe’s examples', () => {
  it.each(Object.entries(TYPE_NAMES))('%s is one of the typings', (kind, type) => {
    const made = newObject(kind as Kind, { count: 1, now: 1_800_000_000, fields: {} });
    expect(typings.faultOf(type, JSON.parse(JSON.stringify(made)))).toBeNull();
  });
});

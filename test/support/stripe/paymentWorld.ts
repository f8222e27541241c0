/**
 * A server that takes money, in front of the double of Stripe: the real bank, desk, inbox and reconciler on a real store.
 * It can be killed at any call that it makes, before or after it was carried out, and begun again on the same store.
 */
import { createBank } from '../../../src/accounts/bank.js';
import type { Bank } from '../../../src/accounts/bank.js';
import { actingAs } from '../../../src/admin/acting.js';
import type { Acting } from '../../../src/admin/acting.js';
import { createAccount, publishPlan } from '../../../src/admin/library.js';
import { writePackVersion } from '../../../src/admin/payments/packs.js';
import { packId, planId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import type { Pack } from '../../../src/domain/offer.js';
import type { Plan } from '../../../src/domain/plan.js';
import { openPayments } from '../../../src/payments/openPayments.js';
import type { Payments } from '../../../src/payments/openPayments.js';
import type { PaymentProvider } from '../../../src/payments/paymentProvider.js';
import { stripeProvider } from '../../../src/payments/stripe/stripeProvider.js';
import type { Store } from '../../../src/store/store.js';
import { plan } from '../domain.js';
import type { StripeDouble } from './stripeDouble.js';
import type { WorldEvent } from './stripeWorld.js';

export const SECRET = 'whsec_double';
export const RETURN = 'https://api.example/back';

const price = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
export const SMALL: Plan = plan({ id: planId('small'), name: 'Small', price: price(1_000), trialDays: 14 });
export const LARGE: Plan = plan({ id: planId('large'), name: 'Large', price: price(4_900) });
export const YEARLY: Plan = plan({ id: planId('yearly'), name: 'Yearly', price: price(90_000), interval: 'YEAR' });
const pack = (id: string, credits: number, amountMinor: number): Pack => ({
  ...{ id: packId(id), version: 1, name: id, status: 'ACTIVE', credits, price: price(amountMinor) },
  expiresAfterDays: null,
});
export const THOUSAND = pack('thousand', 1_000, 1_000);
/** Parts of it are no whole credits. */
export const ODD = pack('odd', 333, 777);

/** The process is gone: whatever it still tries comes to nothing. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Says of each call to the outside whether the process still lives before it, and after it. */
export type Fate = () => boolean;

const mortal = <T extends object>(target: T, isAlive: Fate): T =>
  new Proxy(target, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        if (!isAlive()) return rejected();
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise ? result.then((kept: unknown) => (isAlive() ? kept : rejected())) : result;
      };
    },
  });

const rejected = (): Promise<never> => Promise.reject(new Killed());

export interface PaymentServer {
  readonly bank: Bank;
  readonly payments: Payments;
  readonly acting: Acting;
  /** The answer's status. */
  readonly deliver: (event: WorldEvent) => Promise<number>;
  readonly close: () => Promise<void>;
}

const FOREVER: Fate = () => true;

export const startPaymentServer = (
  double: StripeDouble,
  store: Store,
  { isAlive = FOREVER, failures = [] }: { readonly isAlive?: Fate; readonly failures?: unknown[] } = {},
): PaymentServer => {
  const now = (): number => double.world.now * 1000;
  const bank = createBank({
    store: mortal(store, isAlive),
    now,
    planRefreshMs: 0,
    onFailure: (error) => failures.push(error),
  });
  const stripe = stripeProvider({
    ...{ secretKey: 'sk_test_double', webhookSecrets: [SECRET], apiUrl: double.url, retriesMax: 0, now },
  });
  const { verify, undelivered, name, ...asked } = stripe;
  const provider: PaymentProvider = { ...mortalOf(asked, isAlive), verify, undelivered, name };
  const payments = openPayments({ bank, provider, creditPrice: null, returnUrl: () => RETURN });
  return {
    bank,
    payments,
    acting: actingAs(bank, { kind: 'system', name: 'test' }),
    deliver: async (event) => {
      const { body, headers } = double.sign(event, SECRET);
      const { status } = await payments.webhook(body, headers);
      return status;
    },
    close: async () => {
      await payments.close();
      await bank.close().catch(() => undefined);
    },
  };
};

/** A copy has the calls themselves, no proxy. */
const mortalOf = <T extends object>(asked: T, isAlive: Fate): T => {
  const proxy = mortal(asked, isAlive);
  return Object.fromEntries(Object.keys(asked).map((name) => [name, Reflect.get(proxy, name)])) as T;
};

export const stock = async ({ bank, acting }: PaymentServer, account: AccountId): Promise<void> => {
  await createAccount(bank, { id: account, name: 'Alice' });
  for (const each of [SMALL, LARGE, YEARLY]) await publishPlan(bank, each);
  for (const each of [THOUSAND, ODD]) await writePackVersion(acting, each, null);
};

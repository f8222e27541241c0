/**
 * The demo's plan, packs, accounts, subscriptions and credits. Everything has a fixed id, so that a second start finds the same
 * data and adds nothing: credits that were spent stay spent.
 */
import { createAccount, grantCredits, publishPack, publishPlan } from '../admin/library.js';
import { packId, planId, subscriptionId } from '../domain/ids.js';
import type { Pack } from '../domain/offer.js';
import { DAY_MS } from '../domain/period.js';
import type { Instant } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import { recordPaymentFailure, startSubscription } from '../domain/subscription.js';
import type { Subscription, SubscriptionChange } from '../domain/subscription.js';
import { invariant } from '../domain/invariant.js';
import type { Engine } from '../paywall/engine.js';
import { DEMO_ACCOUNTS } from './demoKeys.js';
import type { DemoAccount } from './demoKeys.js';

const DEMO_PLAN: Plan = {
  id: planId('pro'),
  version: 1,
  name: 'Atlas Pro',
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: [
    { feature: 'geocoding', limit: null, whenExhausted: 'REFUSE' },
    { feature: 'export', limit: null, whenExhausted: 'REFUSE' },
    { feature: 'cities', limit: { units: 1_000, per: 'DAY' }, whenExhausted: 'CREDITS' },
  ],
  creditsPerPeriod: 0,
  trialDays: 14,
  graceDays: 7,
  requestsPerMinute: 600,
};

/** The subscription of a demo account is paid for long enough to outlive any demo. */
const DEMO_PAID_DAYS = 3_650;

const DEMO_PACKS: readonly Pack[] = [
  { id: packId('hundred'), credits: 100, amountMinor: 500 },
  { id: packId('thousand'), credits: 1_000, amountMinor: 4_000 },
].map(({ id, credits, amountMinor }) => ({
  id,
  version: 1,
  name: `${credits.toLocaleString('en')} credits`,
  status: 'ACTIVE',
  credits,
  price: { amountMinor, currency: 'EUR' },
  expiresAfterDays: null,
}));

/** Puts in place what is not there yet. */
export const seedDemo = async (engine: Engine): Promise<void> => {
  await publishPlan(engine, DEMO_PLAN);
  for (const pack of DEMO_PACKS) await publishPack(engine, pack);
  for (const account of DEMO_ACCOUNTS) {
    await createAccount(engine, account);
    await subscribe(engine, account);
    if (account.credits > 0) {
      await grantCredits(engine, account.id, {
        id: `demo-credits-${account.id}`,
        credits: account.credits,
        reason: 'Demo credits',
      });
    }
  }
};

const subscribe = async (engine: Engine, account: DemoAccount): Promise<void> => {
  if (account.subscription === 'none') return;
  const [existing] = await engine.store.findSubscriptions([account.id]);
  // Another process may be putting the same demo into the same database: who is first does not matter.
  if (existing == null) await engine.store.saveSubscriptions([demoSubscription(account, engine.settings.now())]);
};

const demoSubscription = (account: DemoAccount, now: Instant): Subscription => {
  const startsAt = now - 60 * DAY_MS;
  const id = subscriptionId(`demo-subscription-${account.id}`);
  const started = sound(startSubscription({ id, accountId: account.id, plan: DEMO_PLAN, startsAt, withTrial: false }));
  if (account.subscription === 'active') return { ...started, paidUntil: now + DEMO_PAID_DAYS * DAY_MS };
  const failedAt = started.paidUntil;
  return sound(recordPaymentFailure(started, 'CARD_EXPIRED', failedAt));
};

const sound = (change: SubscriptionChange): Subscription => {
  invariant(change.ok, 'the demo has a subscription that the rules refuse');
  return change.subscription;
};

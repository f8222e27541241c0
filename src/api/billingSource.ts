/** What the resolvers of `billing`, and of the same types in the admin schema, are given of each object. */
import type { Caller } from '../accounts/caller.js';
import type { Budget } from '../domain/budget.js';
import type { ApiKeyId } from '../domain/ids.js';
import type { Instant, LimitPer } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import type { Subscription } from '../domain/subscription.js';
import type { Grant } from '../domain/wallet.js';
import type { WalletView } from '../domain/walletView.js';
import type { PaidField } from '../paywall/price/requirements.js';

/** `billing` itself: every field of it loads what it needs. */
export interface BillingSource {
  readonly caller: Caller;
  readonly now: Instant;
}

export interface SubscriptionSource {
  readonly subscription: Subscription;
  readonly plan: Plan | null;
  readonly now: Instant;
}

export type BalanceSource = Pick<WalletView, 'available' | 'held'> & { readonly grants: readonly Grant[] };

export interface LimitUsageSource {
  readonly feature: string;
  readonly used: number;
  readonly limit: number;
  readonly per: LimitPer;
  readonly resetAt: Instant;
}

export interface ApiKeySource {
  readonly id: ApiKeyId;
  readonly budget: BudgetUsageSource | null;
}

export interface BudgetUsageSource extends Budget {
  readonly spent: number;
  readonly resetAt: Instant;
}

export interface PaymentTermsSource {
  readonly paid: PaidField;
  readonly plans: readonly Plan[];
}

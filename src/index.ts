/** Tollgate as a library. */

// The paywall of a schema
export { createPaywall } from './paywall/createPaywall.js';
export { createBank } from './accounts/bank.js';
export type { Bank, BankOptions } from './accounts/bank.js';
export { conclude } from './paywall/opening.js';
export type { Conclusion, GiveBack, Opening, OperationRequest, Settle } from './paywall/opening.js';
export type { Paywall, PaywallOptions } from './paywall/paywall.js';
export type { RunContext, RunRequest } from './paywall/runRequest.js';
export { payment } from './paywall/gate/payment.js';
export { PriceSettingsError } from './paywall/price/requirements.js';
export type { OperationWatch, RunWatch, Step, WatchedAnswer } from './paywall/runWatch.js';
export type { MaybePromise } from './domain/maybePromise.js';
export type { Settled } from './paywall/settle/settleTab.js';
export type { Caller } from './accounts/caller.js';
export type { ChargedField, PaymentSummary } from './paywall/settle/chargedField.js';
export type { RefusalExtensions } from './paywall/refuse/refusalError.js';

// The context value of an operation. The plugin for Apollo Server is in `tollgate/apollo`.
export { callerContext } from './paywall/callerContext.js';
export type { OperationContext, PaywallContext } from './paywall/callerContext.js';

// The schema's parts
export { billingTypeDefs, directiveTypeDefs, paymentTypeDefs } from './api/readTypeDefs.js';
export { billingResolvers } from './api/billingResolvers.js';
export { openCounter } from './api/paymentDesk.js';
export type { PaymentCounter, PaymentDesk } from './api/paymentDesk.js';
export { paymentResolvers } from './api/paymentResolvers.js';

// What lasts
export { openStore } from './store/openStore.js';
export type { Store } from './store/store.js';
export { StoreError } from './store/storeError.js';

// What an operator does
export { createAccount, grantCredits, issueKey, publishPlan, saveSubscription } from './admin/library.js';
export { OperatorError } from './admin/operatorError.js';
export {
  cancelAtPeriodEnd,
  cancelNow,
  recordPayment,
  recordPaymentFailure,
  startSubscription,
} from './domain/subscription.js';
export type { Budget, BudgetPer } from './domain/budget.js';
export { accountId, planId, subscriptionId } from './domain/ids.js';
export type { Subscription } from './domain/subscription.js';
export type { Allowance, Plan } from './domain/plan.js';
export type { Refusal, RefusalCause, RefusalReason, Remedy, RemedyOccasion } from './domain/refusal.js';

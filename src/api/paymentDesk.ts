/**
 * What the two APIs ask of payments: whoever runs the server gives it to them, with a provider behind it. Expected
 * failures are `OperatorError`s; a provider that is away is one with `SERVICE_UNAVAILABLE`, which may be asked again.
 */
import type { Bank } from '../accounts/bank.js';
import type { AccountId, PlanId, PurchaseId } from '../domain/ids.js';
import type { Wanted } from '../domain/offer.js';
import type { ReconcilerRun } from '../domain/paymentEvent.js';
import type { AutoTopUp } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';

export interface CheckoutRequest {
  readonly accountId: AccountId;
  readonly wanted: Wanted;
  readonly refusalId: string | null;
  /** Left out: the server's own page. */
  readonly returnUrl: string | null;
  /** One purchase per account and key, however often and wherever it is asked for. */
  readonly idempotencyKey: string | null;
}

export type PortalAim = 'OVERVIEW' | 'UPDATE_PAYMENT_METHOD' | 'CHANGE_PLAN' | 'CANCEL';

export interface PortalRequest {
  readonly accountId: AccountId;
  readonly aim: PortalAim;
  /** Of `CHANGE_PLAN`. */
  readonly planId: PlanId | null;
  readonly returnUrl: string | null;
}

export interface PaymentDesk {
  readonly provider: string;
  readonly checkout: (request: CheckoutRequest) => Promise<Purchase>;
  readonly portal: (request: PortalRequest) => Promise<{ readonly url: string }>;
  /** `null`: it is switched off. */
  readonly setAutoTopUp: (accountId: AccountId, wanted: Omit<AutoTopUp, 'stopped'> | null) => Promise<AutoTopUp | null>;
  /** Gives money back at the provider; the credits follow as for any refund. `null`: all that is left. */
  readonly refund: (purchaseId: PurchaseId, amountMinor: number | null, idempotencyKey: string) => Promise<Purchase>;
  /** Applies an event of the inbox once more. */
  readonly replay: (eventId: string) => Promise<void>;
  /** Asks for what was never delivered, of one account or of all. */
  readonly reconcile: (accountId: AccountId | null) => Promise<ReconcilerRun>;
}

/** A desk with what the APIs need to know beside it. */
export interface PaymentCounter {
  readonly desk: PaymentDesk;
  /** Whether a person may be sent on to this address, after paying. */
  readonly mayReturnTo: (url: string) => boolean;
}

const counters = new WeakMap<Bank['keeper'], PaymentCounter>();

/** From now on whoever asks a paywall of this bank can pay. The one writer of its wallets stands for a bank. */
export const openCounter = ({ keeper }: Pick<Bank, 'keeper'>, counter: PaymentCounter): void => {
  counters.set(keeper, counter);
};

/** `null`: this server takes no money. */
export const counterOf = ({ keeper }: Pick<Bank, 'keeper'>): PaymentCounter | null => counters.get(keeper) ?? null;

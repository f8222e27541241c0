/**
 * What the sandbox knows, as a provider of payments does: apart from Tollgate's store, so that there is something to
 * reconcile with. It is a file beside the store's, since a customer whose provider forgets everything at each start would
 * lose what was bought; nothing in it is worth more than a demo.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AccountId, PlanId, PurchaseId } from '../../domain/ids.js';
import type { Instant, Interval } from '../../domain/period.js';
import type { Price } from '../../domain/plan.js';
import type { ObjectRef } from '../../domain/provided.js';
import type { Money, PurchaseStatus } from '../../domain/purchase.js';
import type { PaymentFailure } from '../../domain/subscription.js';
import { ProviderError } from '../paymentProvider.js';

/** What happens when it is charged. */
export type SandboxCard = 'WORKS' | 'EXPIRED' | 'DECLINED' | 'WANTS_OWNER';

export interface SandboxCustomer {
  readonly id: string;
  readonly accountId: AccountId;
  readonly name: string;
  /** `null`: none is kept. */
  readonly card: SandboxCard | null;
}

/** One version of a plan, as its subscribers have it. */
export interface SandboxPlan {
  readonly planId: PlanId;
  readonly planVersion: number;
  readonly name: string;
  readonly price: Price;
  readonly interval: Interval;
}

export interface SandboxCheckout {
  readonly id: string;
  readonly purchaseId: PurchaseId;
  readonly customerId: string;
  /** What is bought, in words. */
  readonly title: string;
  readonly price: Price;
  /** Of a plan; `null`: it is paid once. */
  readonly plan: SandboxPlan | null;
  readonly trialDays: number;
  readonly returnUrl: string;
  readonly keepsCard: boolean;
  readonly expiresAt: Instant;
  readonly status: PurchaseStatus;
  readonly paymentId: string | null;
  readonly subscriptionId: string | null;
}

export interface SandboxPayment {
  readonly id: string;
  readonly purchaseId: PurchaseId;
  readonly customerId: string;
  readonly status: PurchaseStatus;
  readonly price: Price;
  readonly money: Money;
  readonly paidAt: Instant | null;
}

export interface SandboxSubscription {
  readonly id: string;
  readonly customerId: string;
  readonly purchaseId: PurchaseId;
  readonly plan: SandboxPlan;
  readonly planSince: Instant | null;
  /** The plan from the end of the period on; `null`: the same. */
  readonly nextPlan: SandboxPlan | null;
  readonly startsAt: Instant;
  readonly anchorAt: Instant;
  readonly trialEndsAt: Instant | null;
  readonly paidUntil: Instant;
  readonly cancelsAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly failure: PaymentFailure | null;
}

/** A visit to the pages on which a customer changes what was agreed. */
export interface SandboxVisit {
  readonly id: string;
  readonly customerId: string;
  readonly flow: 'OVERVIEW' | 'UPDATE_PAYMENT_METHOD' | 'CHANGE_PLAN' | 'CANCEL';
  /** Of a flow that is about one. */
  readonly subscriptionId: string | null;
  /** The one to change to. */
  readonly plan: SandboxPlan | null;
  readonly returnUrl: string;
  readonly expiresAt: Instant;
}

/** One that nobody has taken yet. */
export interface SandboxEvent {
  readonly id: string;
  readonly type: string;
  readonly at: Instant;
  readonly object: ObjectRef;
  readonly attempts: number;
}

type Kept<T> = Record<string, T>;

export interface SandboxState {
  /** With which it signs what it sends. */
  readonly secret: string;
  readonly customers: Kept<SandboxCustomer>;
  readonly checkouts: Kept<SandboxCheckout>;
  readonly payments: Kept<SandboxPayment>;
  readonly subscriptions: Kept<SandboxSubscription>;
  readonly visits: Kept<SandboxVisit>;
  readonly events: Kept<SandboxEvent>;
  /** By key, what a call that came with it has done. */
  readonly keys: Kept<string>;
}

const emptyState = (): SandboxState => ({
  secret: randomBytes(24).toString('base64url'),
  customers: {},
  checkouts: {},
  payments: {},
  subscriptions: {},
  visits: {},
  events: {},
  keys: {},
});

/** Read and written as a whole, in one turn of the event loop: nobody of this process comes between. */
export class SandboxBook {
  #memory: SandboxState | null = null;
  #written = '';

  /** `file`: `null` for one that lasts as long as the process. */
  constructor(private readonly file: string | null) {}

  read(): SandboxState {
    if (this.file === null) return (this.#memory ??= emptyState());
    if (!existsSync(this.file)) this.#write(emptyState());
    try {
      this.#written = readFileSync(this.file, 'utf8');
      return JSON.parse(this.#written) as SandboxState;
    } catch (error) {
      const message = `What the sandbox knows can't be read: move ${this.file} away, and start again.`;
      throw new ProviderError('sandbox', message, true, { cause: error });
    }
  }

  /** What a step does to the state is kept, unless it throws. */
  change<T>(step: (state: SandboxState) => T): T {
    const state = structuredClone(this.read());
    const result = step(state);
    this.#write(state);
    return result;
  }

  #write(state: SandboxState): void {
    this.#memory = state;
    if (this.file === null) return;
    mkdirSync(dirname(this.file), { recursive: true });
    const text = JSON.stringify(state);
    if (text === this.#written) return;
    this.#written = text;
    const fresh = `${this.file}.${process.pid}`;
    writeFileSync(fresh, text, { mode: 0o600 });
    renameSync(fresh, this.file);
  }
}

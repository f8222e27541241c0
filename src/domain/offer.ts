/**
 * What can be bought for money: a plan, a pack of credits, or any number of credits at a price for one. A published
 * version of a pack never changes, like one of a plan.
 */
import type { PackId, PlanId } from './ids.js';
import type { PlanStatus, Price } from './plan.js';

export interface Pack {
  readonly id: PackId;
  readonly version: number;
  readonly name: string;
  readonly status: PlanStatus;
  readonly credits: number;
  readonly price: Price;
  /** Days from the payment on. `null`: they don't expire. */
  readonly expiresAfterDays: number | null;
}

/** What a purchase is of, by name: the version that was offered stays the one that was bought. */
export type Bought =
  | { readonly kind: 'PLAN'; readonly planId: PlanId; readonly planVersion: number }
  | { readonly kind: 'PACK'; readonly packId: PackId; readonly packVersion: number }
  | { readonly kind: 'CREDITS' };

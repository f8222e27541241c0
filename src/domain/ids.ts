/**
 * Names of things, told apart by the compiler. An id is made once, at the edge or by a caller, and is never computed
 * inside the rules: the rules get ids as arguments.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type AccountId = Branded<'AccountId'>;
export type ApiKeyId = Branded<'ApiKeyId'>;
export type PlanId = Branded<'PlanId'>;
export type SubscriptionId = Branded<'SubscriptionId'>;
export type GrantId = Branded<'GrantId'>;
export type HoldId = Branded<'HoldId'>;
export type OperatorId = Branded<'OperatorId'>;
export type PackId = Branded<'PackId'>;
export type PurchaseId = Branded<'PurchaseId'>;

/** Turns a checked string from outside into an id; the one place where a brand is given. */
export const accountId = (text: string): AccountId => text as AccountId;
export const apiKeyId = (text: string): ApiKeyId => text as ApiKeyId;
export const planId = (text: string): PlanId => text as PlanId;
export const subscriptionId = (text: string): SubscriptionId => text as SubscriptionId;
export const grantId = (text: string): GrantId => text as GrantId;
export const holdId = (text: string): HoldId => text as HoldId;
export const operatorId = (text: string): OperatorId => text as OperatorId;
export const packId = (text: string): PackId => text as PackId;
export const purchaseId = (text: string): PurchaseId => text as PurchaseId;

/**
 * What is kept of an operation of which something was refused: who, when, what, and the figures that decided it. One
 * record per operation, under the id that its errors carry. Never the key's secret, and no variables.
 */
import type { AccountId, ApiKeyId, PlanId } from './ids.js';
import { DAY_MS } from './period.js';
import type { Instant } from './period.js';
import type { Refusal } from './refusal.js';
import type { SubscriptionState } from './subscription.js';

/** How long records are kept. */
export const REFUSALS_KEPT_MS = 30 * DAY_MS;

export interface RecordedRefusal extends Refusal {
  /** Units of one position; `null` where the key alone barred the caller. */
  readonly units: number | null;
}

export interface RefusalRecord {
  /** `extensions.refusalId` of the errors. */
  readonly id: string;
  readonly at: Instant;
  /** Whose key was sent, be it valid or not; `null` where nobody knows. */
  readonly accountId: AccountId | null;
  readonly keyId: ApiKeyId | null;
  readonly operationName: string | null;
  /** The same for the same operation, whatever its variables are; `null` where the key barred it before it was read. */
  readonly operationHash: string | null;
  /** Whether the rest of the operation was served. */
  readonly isServed: boolean;
  /** At least one, in document order. */
  readonly refusals: readonly RecordedRefusal[];
  /** The plan of the subscription at that moment, and its state; `null` without one, or where it was not looked at. */
  readonly planId: PlanId | null;
  readonly subscriptionState: SubscriptionState | null;
  readonly requestId: string | null;
  readonly traceId: string | null;
}

/** By what records are found and counted. */
export const REFUSAL_FACETS = ['account', 'plan', 'reason', 'feature', 'coordinate'] as const;
export type RefusalFacet = (typeof REFUSAL_FACETS)[number];

/** What a record is found by, facet by facet: each value once. */
export const facetsOf = ({ accountId, planId, refusals }: RefusalRecord): Readonly<Record<RefusalFacet, string[]>> => ({
  account: distinct([accountId]),
  plan: distinct([planId]),
  reason: distinct(refusals.map(({ reason }) => reason)),
  feature: distinct(refusals.map(({ feature }) => feature)),
  coordinate: distinct(refusals.map(({ coordinate }) => coordinate)),
});

const distinct = (values: readonly (string | null)[]): string[] => [
  ...new Set(values.filter((value) => value !== null)),
];

/** All of it must apply. */
export interface RefusalFilter {
  readonly facets: Readonly<Partial<Record<RefusalFacet, string>>>;
  /** From this instant on; `null`: from the first. */
  readonly from: Instant | null;
  /** Before this instant; `null`: up to the newest. */
  readonly until: Instant | null;
}

export interface RefusalCount {
  readonly value: string;
  readonly count: number;
}

export interface RefusalCounts {
  readonly total: number;
  /** The values that most records have, most first. A record with two of them counts for both. */
  readonly by: Readonly<Record<RefusalFacet, readonly RefusalCount[]>>;
  /** By the start of the span of time, oldest first. Spans without any are left out. */
  readonly overTime: readonly { readonly at: Instant; readonly count: number }[];
}

/** How many values of a facet are counted one by one. */
export const COUNTED_VALUES_MAX = 20;

/**
 * An event that a provider of payments told of, as it stands in the inbox. It says where to look and nothing else: what
 * counts is the object as it is when somebody looks.
 */
import type { ActsRemembered } from './act.js';
import { DAY_MS } from './period.js';
import type { Instant } from './period.js';
import type { ObjectRef } from './provided.js';

export interface PaymentEvent {
  /** `provider:event`, so that one that comes twice is one. */
  readonly id: string;
  readonly provider: string;
  /** In the provider's words, as in `invoice.paid`. */
  readonly type: string;
  /** When it happened, as the provider says. */
  readonly at: Instant;
  /** `null`: it changes nothing here. */
  readonly object: ObjectRef | null;
  readonly receivedAt: Instant;
  /** When its effect was written; `null`: not yet. */
  readonly doneAt: Instant | null;
  /** How often it was tried. */
  readonly attempts: number;
  /** Why the last attempt failed, in words; `null`: none has. */
  readonly error: string | null;
  /** Raised by one at each write; the store compares and sets it. */
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** For how long the inbox remembers what is done: longer than any provider sends an event again. */
export const PAYMENT_EVENTS_KEPT_MS = 90 * DAY_MS;

/** What the reconciler did last, for one provider. */
export interface ReconcilerRecord {
  readonly provider: string;
  /** `null`: it has not come to an end yet. */
  readonly lastRun: ReconcilerRun | null;
  /** Up to when events were asked for: the next run asks for those since. */
  readonly askedUntil: Instant | null;
  /** One process at a time: until then it is another's. `null`: nobody's. */
  readonly lockedUntil: Instant | null;
  readonly version: number;
  readonly acts?: ActsRemembered;
}

export interface ReconcilerRun {
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly events: number;
  readonly objects: number;
  readonly changed: number;
  readonly failures: number;
  /** The first failure in words; `null`: none. */
  readonly failure: string | null;
}

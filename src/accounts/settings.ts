/** What a process has been told once: for all of its accounts, and for every paywall that it has. */
import { nanoid } from 'nanoid';
import type { Instant } from '../domain/period.js';
import type { RefusalCause, RemedyOccasion } from '../domain/refusal.js';

export interface Settings {
  readonly now: () => Instant;
  readonly newId: () => string;
  /** How long a hold lasts; longer than any operation may take. */
  readonly holdTtlMs: number;
  /** How large an answer may be that is kept under an `Idempotency-Key`, in bytes of its JSON. */
  readonly idempotentAnswerBytesMax: number;
  /** How large any answer may be, in bytes of its JSON. */
  readonly answerBytesMax: number;
  /** Where a person carries a remedy out. */
  readonly remedyUrl: (occasion: RemedyOccasion) => string | null;
  /** Where the page about a cause of refusals is. */
  readonly docsUrl: (cause: RefusalCause) => string | null;
  /** Told of what fails in the background or is answered with 503, for the operator's log. */
  readonly onFailure: (error: unknown) => void;
}

const HOLD_TTL_MS = 60_000;
const IDEMPOTENT_ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

export const settingsOf = (given: Partial<Settings>): Settings => ({
  now: given.now ?? Date.now,
  newId: given.newId ?? nanoid,
  holdTtlMs: given.holdTtlMs ?? HOLD_TTL_MS,
  idempotentAnswerBytesMax: given.idempotentAnswerBytesMax ?? IDEMPOTENT_ANSWER_BYTES_MAX,
  answerBytesMax: given.answerBytesMax ?? ANSWER_BYTES_MAX,
  remedyUrl: given.remedyUrl ?? (() => null),
  docsUrl: given.docsUrl ?? (() => null),
  onFailure: given.onFailure ?? (() => undefined),
});

/** What became of an operation, in one word: the same in the log, in metrics and in traces. */
import { REFUSAL_REASONS } from '../../domain/refusal.js';
import type { RefusalReason } from '../../domain/refusal.js';
import type { WatchedAnswer } from '../../paywall/runWatch.js';

export type Outcome =
  /** Whole, as far as Tollgate is concerned. */
  | 'SERVED'
  /** The answer of an operation that was carried out before under its Idempotency-Key. */
  | 'REPLAYED'
  /** Some fields were refused, the rest was served. */
  | 'PARTIAL'
  /** Refused as a whole; nothing was charged. */
  | 'REFUSED'
  /** The caller's own mistake: not parsed, not valid, an Idempotency-Key in use. */
  | 'INVALID'
  /** A resolver or the server failed. */
  | 'FAILED';

export interface Judgement {
  readonly outcome: Outcome;
  /** Each reason once, however many fields were refused for it. */
  readonly reasons: readonly RefusalReason[];
}

const FAILURES: ReadonlySet<unknown> = new Set(['INTERNAL_SERVER_ERROR', 'UNPAID_VALUE']);
const REASONS: ReadonlySet<unknown> = new Set(REFUSAL_REASONS);
const SERVER_ERROR = 500;

const isReason = (value: unknown): value is RefusalReason => REASONS.has(value);

/** What an answer was, as far as it is judged. `hasData`: there was a `data`, be it null. */
export interface Answer extends Pick<WatchedAnswer, 'errors'> {
  readonly hasData: boolean;
}

/** `answer` is `null` where the request never came to an operation; `status` where it did not come over HTTP. */
export const judge = (answer: Answer | null, status: number | null, isReplay: boolean): Judgement => {
  const errors = answer?.errors ?? [];
  const reasons = [...new Set(errors.map((error) => error.extensions?.['reason']).filter(isReason))];
  return { outcome: outcomeOf(answer, status, { isReplay, isRefused: reasons.length > 0 }), reasons };
};

const outcomeOf = (
  answer: Answer | null,
  status: number | null,
  { isReplay, isRefused }: { readonly isReplay: boolean; readonly isRefused: boolean },
): Outcome => {
  if (answer?.errors?.some((error) => FAILURES.has(error.extensions?.['code'])) === true) return 'FAILED';
  const hasData = answer?.hasData === true;
  if (isRefused) return hasData ? 'PARTIAL' : 'REFUSED';
  if (status !== null && status >= SERVER_ERROR) return 'FAILED';
  if (isReplay) return 'REPLAYED';
  return hasData ? 'SERVED' : 'INVALID';
};

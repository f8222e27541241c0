/**
 * What is known of one operation while it is under way. At its end it becomes one log line, one more in the metrics, and
 * the end of its trace: all three are told the same.
 */
import type { OperationDefinitionNode } from 'graphql';
import type { AccountId } from '../../domain/ids.js';
import type { Caller } from '../../accounts/caller.js';
import type { RunWatch, WatchedAnswer } from '../../paywall/runWatch.js';
import type { Ended, Transport } from './ended.js';
import { judge } from './outcome.js';
import type { Answer } from './outcome.js';
import type { OperationTrace, Watchers } from './watchers.js';

export interface RecordTerms {
  readonly transport: Transport;
  readonly requestId: string;
  /** The trace that the caller named. */
  readonly traceId: string | null;
  readonly trace: OperationTrace | null;
}

const NAME_LENGTH_MAX = 100;
const MICROS_PER_MS = 1000;
const BAD_REQUEST = 400;

/** To the microsecond. */
export const elapsedMs = (startedAt: number): number =>
  Math.round((performance.now() - startedAt) * MICROS_PER_MS) / MICROS_PER_MS;

export const loggedNameOf = ({ name }: OperationDefinitionNode): string | null =>
  name?.value.slice(0, NAME_LENGTH_MAX) ?? null;

export class OperationRecord implements RunWatch {
  /** The trace that it is part of, its own where traces are made. */
  readonly traceId: string | null;
  readonly during: RunWatch['during'];
  #account: AccountId | null = null;
  readonly #startedAt = performance.now();
  #operation: string | null = null;
  #type: Ended['type'] = null;
  #answer: Answer | null = null;
  #isReplay = false;
  #charged = 0;
  #held = 0;
  #givenBack = 0;
  #hasHold = false;
  #hasEnded = false;
  /** The client went away while the operation was under way, which ends with its answer all the same. */
  #closedWith: number | null = null;

  constructor(
    private readonly watchers: Watchers,
    private readonly terms: RecordTerms,
    private readonly endsWith: 'ANSWER' | 'RESPONSE',
  ) {
    this.traceId = terms.trace?.traceId ?? terms.traceId;
    this.during = terms.trace?.during ?? null;
  }

  identified({ accountId }: Caller): void {
    this.#account = accountId;
  }

  inside<T>(work: () => T): T {
    return this.terms.trace === null ? work() : this.terms.trace.inside(work);
  }

  began(definition: OperationDefinitionNode): void {
    this.#operation = loggedNameOf(definition);
    this.#type = definition.operation;
  }

  held(credits: number): void {
    this.#held += credits;
    this.watchers.metrics?.credits.held.inc(credits);
    if (this.#hasHold) return;
    this.#hasHold = true;
    this.watchers.metrics?.holdsOpen.inc();
  }

  holdEnded(): void {
    if (!this.#hasHold) return;
    this.#hasHold = false;
    this.watchers.metrics?.holdsOpen.dec();
  }

  charged(credits: number): void {
    this.#charged += credits;
    this.watchers.metrics?.credits.charged.inc(credits);
    if (this.#hasEnded) this.#tellLater({ charged: credits });
  }

  givenBack(credits: number): void {
    this.#givenBack += credits;
    this.watchers.metrics?.credits.givenBack.inc(credits);
    if (this.#hasEnded) this.#tellLater({ givenBack: credits });
  }

  answered({ data, errors }: WatchedAnswer, isReplay = false): void {
    // The data itself need not be in memory until the response has been sent.
    this.#answer = { hasData: data !== undefined, errors };
    this.#isReplay = isReplay;
    if (this.endsWith === 'ANSWER') this.#end(null);
    else if (this.#closedWith !== null) this.#end(this.#closedWith);
  }

  /** The HTTP response was sent, or can't be sent any more. */
  closed(status: number, isSent: boolean): void {
    const isOperation = this.#answer !== null || this.#type !== null || status >= BAD_REQUEST;
    // A page, say, that was served in its place.
    if (!isOperation) return;
    const isUnderWay = this.#type !== null && this.#answer === null;
    if (isSent || !isUnderWay) this.#end(status);
    else this.#closedWith = status;
  }

  #end(status: number | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { logger, metrics } = this.watchers;
    const { transport, requestId, trace } = this.terms;
    const durationMs = elapsedMs(this.#startedAt);
    const ended: Ended = {
      requestId,
      traceId: this.traceId,
      account: this.#account,
      operation: this.#operation,
      type: this.#type,
      transport,
      status,
      ...judge(this.#answer, status, this.#isReplay),
      charged: this.#charged,
      held: this.#held,
      givenBack: this.#givenBack,
      durationMs,
    };
    logger.info(ended, 'An operation was answered');
    metrics?.operationEnded(ended);
    trace?.end(ended);
  }

  /** What is charged or given back after the answer would be missing from the log otherwise. */
  #tellLater(credits: Pick<Ended, 'charged'> | Pick<Ended, 'givenBack'>): void {
    const { requestId } = this.terms;
    this.watchers.logger.info(
      { requestId, traceId: this.traceId, account: this.#account, operation: this.#operation, ...credits },
      'An operation was settled after its answer',
    );
  }
}

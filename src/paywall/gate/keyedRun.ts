/**
 * One operation with an `Idempotency-Key`: finds its record, locks it before anything is held, and answers it before
 * the hold is captured. The rules are in `domain/keyedOperation.ts`.
 */
import { GraphQLError } from 'graphql';
import type { AccountId, HoldId } from '../../domain/ids.js';
import { holdId } from '../../domain/ids.js';
import type { KeyedOperation } from '../../domain/keyedOperation.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal } from '../../domain/refusal.js';
import { KeyedRecord } from '../../accounts/keyedRecord.js';
import { captureRecorded, chargeRecorded } from '../../ledger/heldOperation.js';
import type { Engine } from '../engine.js';
import type { OperationWatch } from '../runWatch.js';
import { packAnswer } from './keptAnswer.js';
import type { KeptAnswer } from './keptAnswer.js';

/** What the record of a key says about the operation that came with it. */
export type Begun =
  | { readonly kind: 'run' }
  /** Don't run it: it was answered, and is charged for and sent again to who may ask for it. */
  | { readonly kind: 'answered'; readonly record: KeyedOperation; readonly answer: string }
  | { readonly kind: 'conflict'; readonly error: GraphQLError };

export interface KeyedTerms {
  readonly accountId: AccountId;
  readonly key: string;
  readonly fingerprint: string;
  readonly operationName: string | null;
  readonly watch: Pick<OperationWatch, 'charged'>;
}

export class KeyedRun {
  readonly #record: KeyedRecord;

  constructor(
    private readonly engine: Engine,
    private readonly terms: KeyedTerms,
  ) {
    this.#record = new KeyedRecord(engine.store, terms);
  }

  /** Rejects with `StoreError`. */
  async begin(now: Instant): Promise<Begun> {
    const verdict = await this.#record.find(now);
    switch (verdict.kind) {
      case 'IN_FLIGHT':
        return { kind: 'conflict', error: inFlight() };
      case 'MISMATCH':
        return { kind: 'conflict', error: mismatch() };
      case 'RUN':
        return { kind: 'run' };
      case 'REPEAT': {
        const { record } = verdict;
        return record.answer === null
          ? { kind: 'conflict', error: answerNotKept() }
          : { kind: 'answered', record, answer: record.answer };
      }
    }
  }

  /** `false` where another request with this key was first. Rejects with `StoreError`. */
  async lock(hold: HoldId, now: Instant): Promise<boolean> {
    return this.#record.lock({ holdId: hold, lockedUntil: now + this.engine.settings.holdTtlMs }, now);
  }

  /**
   * Keeps the answer, and what is to be charged for it. An error: what was kept and is to be sent in its place, charged
   * with nothing. `LOST`: the lock had run out, and another request took over. Rejects with `StoreError`.
   */
  async answer(
    charge: Pick<KeyedOperation, 'lines' | 'units' | 'used'>,
    answer: KeptAnswer,
  ): Promise<'KEPT' | 'LOST' | GraphQLError> {
    const { idempotentAnswerBytesMax, answerBytesMax } = this.engine.settings;
    const packed = await packAnswer(answer, Math.min(idempotentAnswerBytesMax, answerBytesMax));
    if (!(packed instanceof GraphQLError)) return this.#keep(charge, packed, 'KEPT');
    const instead = { response: { errors: [packed.toJSON()] }, payment: null };
    const kept = await packAnswer(instead, Number.POSITIVE_INFINITY);
    return kept instanceof GraphQLError ? kept : this.#keep({ lines: [], units: [] }, kept, packed);
  }

  /**
   * Charges for an answer unless that was done before, also where its hold has expired meanwhile. Answers the credits that
   * can be spent then, or why it can't be paid for. Rejects with `StoreError`.
   */
  async charge(record: KeyedOperation): Promise<{ readonly balance: number } | Refusal> {
    const { keeper, settings } = this.engine;
    const charged =
      (await captureRecorded(keeper, record)) ??
      (await chargeRecorded(keeper, record, holdId(`${record.holdId}/replayed`), settings.holdTtlMs));
    if (charged === null) return unpaid(record);
    if (charged.charged > 0) this.terms.watch.charged(charged.charged);
    return { balance: charged.balance };
  }

  /** The operation came to nothing: whoever sends it again need not wait for the lock to run out. */
  async unlock(): Promise<void> {
    await this.#record.unlock();
  }

  async #keep<Kept>(
    charge: Pick<KeyedOperation, 'lines' | 'units' | 'used'>,
    answer: string,
    outcome: Kept,
  ): Promise<Kept | 'LOST'> {
    return (await this.#record.answer({ ...charge, answer })) ? outcome : 'LOST';
  }
}

const keyConflict = (message: string, code: string, retryable: boolean): GraphQLError =>
  new GraphQLError(message, { extensions: { code, retryable } });

export const inFlight = (): GraphQLError =>
  keyConflict(
    'An operation with this Idempotency-Key is being carried out. Wait for its answer, or send it again later.',
    'IDEMPOTENCY_KEY_IN_FLIGHT',
    true,
  );

const mismatch = (): GraphQLError =>
  keyConflict(
    'This Idempotency-Key was used for another operation or other variables. Use a new key for each operation.',
    'IDEMPOTENCY_KEY_REUSED',
    false,
  );

const answerNotKept = (): GraphQLError =>
  keyConflict(
    'The operation with this Idempotency-Key was carried out and charged once. Its answer was not kept.',
    'IDEMPOTENCY_ANSWER_NOT_KEPT',
    false,
  );

const unpaid = ({ lines }: KeyedOperation): Refusal => ({
  reason: 'INSUFFICIENT_FUNDS',
  coordinate: lines[0]?.coordinate ?? null,
  feature: null,
  required: lines.reduce((sum, line) => sum + line.credits, 0),
  available: null,
  plans: [],
  resetAt: null,
  retryable: false,
});

/**
 * One operation with an `Idempotency-Key`: finds its record, locks it before anything is held, and answers it before
 * the hold is captured. The rules are in `domain/keyedOperation.ts`.
 */
import { GraphQLError } from 'graphql';
import type { AccountId, HoldId } from '../../domain/ids.js';
import { holdId } from '../../domain/ids.js';
import type { DeliveredUnits, KeyedOperation } from '../../domain/keyedOperation.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal } from '../../domain/refusal.js';
import { KeyedRecord } from '../../accounts/keyedRecord.js';
import type { Engine } from '../engine.js';
import { captureRecorded, chargeRecorded } from '../settle/charge.js';
import type { ChargedNow } from '../settle/charge.js';
import type { OperationWatch } from '../watch.js';

/** What the record of a key says about the operation that came with it. */
export type Begun =
  /** Run it. So much of it was delivered before and is not charged again. */
  | { readonly kind: 'run'; readonly delivered: readonly DeliveredUnits[] }
  /** Don't run it: send this answer, which has been charged for. */
  | { readonly kind: 'replay'; readonly answer: string; readonly balance: number }
  /** It was carried out, and what it costs can't be paid any more. */
  | { readonly kind: 'unpaid'; readonly refusal: Refusal }
  | { readonly kind: 'conflict'; readonly error: GraphQLError };

export interface KeyedTerms {
  readonly accountId: AccountId;
  readonly key: string;
  readonly fingerprint: string;
  readonly isMutation: boolean;
  readonly operationName: string | null;
  readonly watch: Pick<OperationWatch, 'charged'>;
}

/** Answers longer than this are not kept: the operation is still charged and carried out once. */
const ANSWER_LENGTH_MAX = 1_000_000;

export class KeyedRun {
  readonly #record: KeyedRecord;
  #delivered: readonly DeliveredUnits[] = [];

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
        return this.#run(verdict.delivered);
      case 'REPEAT':
        return this.terms.isMutation ? this.#replay(verdict.record) : this.#repeat(verdict.record);
    }
  }

  /** `false` where another request with this key was first. Rejects with `StoreError`. */
  async lock(hold: HoldId, now: Instant): Promise<boolean> {
    const lockedUntil = now + this.engine.settings.holdTtlMs;
    return this.#record.lock({ holdId: hold, lockedUntil, delivered: this.#delivered }, now);
  }

  /** `false` where the lock had run out and another request took over. Rejects with `StoreError`. */
  async answer(outcome: Pick<KeyedOperation, 'lines' | 'units' | 'delivered'>, answer: unknown): Promise<boolean> {
    const text = this.terms.isMutation ? JSON.stringify(answer) : null;
    const kept = text !== null && text.length <= ANSWER_LENGTH_MAX ? text : null;
    const delivered = addDelivered(this.#delivered, outcome.delivered);
    return this.#record.answer({ ...outcome, delivered, answer: kept });
  }

  /** The operation came to nothing: whoever sends it again need not wait for the lock to run out. */
  async unlock(): Promise<void> {
    await this.#record.unlock();
  }

  #run(delivered: readonly DeliveredUnits[]): Begun {
    this.#delivered = delivered;
    return { kind: 'run', delivered };
  }

  /** A query runs again. It was paid for only if its hold was captured, which is done now if it can be. */
  async #repeat(record: KeyedOperation): Promise<Begun> {
    const captured = this.#note(await captureRecorded(this.engine.keeper, record));
    return this.#run(captured === null ? [] : record.delivered);
  }

  /** A mutation is not run again. If its hold expired before it was captured, it is charged for now. */
  async #replay(record: KeyedOperation): Promise<Begun> {
    if (record.answer === null) return { kind: 'conflict', error: answerNotKept() };
    const charged = this.#note(
      (await captureRecorded(this.engine.keeper, record)) ??
        (await chargeRecorded(this.engine, record, holdId(`${record.holdId}/replayed`))),
    );
    if (charged === null) return { kind: 'unpaid', refusal: unpaid(record) };
    return { kind: 'replay', answer: record.answer, balance: charged.balance };
  }

  #note(charge: ChargedNow | null): ChargedNow | null {
    if (charge !== null && charge.charged > 0) this.terms.watch.charged(charge.charged);
    return charge;
  }
}

const addDelivered = (
  before: readonly DeliveredUnits[],
  more: readonly DeliveredUnits[],
): readonly DeliveredUnits[] => {
  const units = new Map(before.map((each) => [each.coordinate, each.units]));
  for (const each of more) units.set(each.coordinate, (units.get(each.coordinate) ?? 0) + each.units);
  return [...units].map(([coordinate, sum]) => ({ coordinate, units: sum }));
};

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
    'The operation with this Idempotency-Key was carried out and charged once. Its answer was too long to be kept.',
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

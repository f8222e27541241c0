/**
 * The idempotency key of an act: what was decided is kept before anything is written, and the answer after it, so that
 * whoever sends the call again, after whatever failed, gets the answer of the first time, and nothing is done twice. The
 * record is that of a paid operation, under an account that is none, and is kept for ever.
 */
import { createHash } from 'node:crypto';
import { KeyedRecord } from '../accounts/keyedRecord.js';
import type { Actor } from '../domain/audit.js';
import { accountId, holdId } from '../domain/ids.js';
import { unreachable } from '../domain/invariant.js';
import { INSTANT_MAX } from '../domain/period.js';
import type { Acting } from './acting.js';
import { OperatorError } from './operatorError.js';
import { seal, unseal } from './seal.js';

export type Begun =
  /** To be decided. */
  | { readonly kind: 'new' }
  /** It was decided and then cut off: carry this out. */
  | { readonly kind: 'decided'; readonly intent: unknown }
  /** It was carried out, and this was its answer. */
  | { readonly kind: 'replay'; readonly answer: unknown };

const LOCK_MS = 60_000;

type Kept = { readonly intent: unknown } | { readonly answer: unknown };

export class KeyedAct {
  readonly #record: KeyedRecord;

  constructor(
    private readonly acting: Acting,
    verb: string,
    args: Readonly<Record<string, unknown>>,
    key: string,
  ) {
    this.#record = new KeyedRecord(acting.bank.store, {
      // No account has such an id: those of accounts have no braces.
      accountId: accountId(JSON.stringify(scopeOf(acting.actor))),
      key,
      fingerprint: fingerprintOf(verb, args),
      operationName: verb,
    });
  }

  /** Throws `CONFLICT` where the key belongs to another call, or to this one under way. */
  async begin(): Promise<Begun> {
    const verdict = await this.#record.find(this.acting.now);
    switch (verdict.kind) {
      case 'MISMATCH':
        throw conflict('This idempotencyKey was used for another call. Use a new one for each call.');
      case 'IN_FLIGHT':
        throw inFlight();
      case 'RUN':
        return this.#goOn();
      case 'REPEAT':
        return { kind: 'replay', answer: partOf(await this.#open(verdict.record.answer), 'answer') };
      default:
        return unreachable(verdict);
    }
  }

  /** Keeps what was decided, under a lock. Throws `CONFLICT` where the same call was first. */
  async lock(intent: unknown): Promise<void> {
    const { now } = this.acting;
    const terms = { holdId: holdId('none'), lockedUntil: now + LOCK_MS };
    const kept = { answer: await this.#close({ intent }), expiresAt: INSTANT_MAX };
    if (!(await this.#record.lock(terms, now, kept))) throw inFlight();
  }

  /** Keeps the answer in place of what was decided. */
  async answer(answer: unknown): Promise<void> {
    const nothing = { lines: [], units: [] };
    await this.#record.answer({ ...nothing, answer: await this.#close({ answer }) });
  }

  /** Nothing was changed: the key is as good as new. */
  free(): Promise<void> {
    return this.#record.free();
  }

  /** It is not known what was changed: the same call may come again at once, and goes on. */
  unlock(): Promise<void> {
    return this.#record.unlock();
  }

  async #goOn(): Promise<Begun> {
    const kept = this.#record.answerSoFar;
    if (kept === null) return { kind: 'new' };
    const intent = partOf(await this.#open(kept), 'intent');
    return intent === undefined ? { kind: 'new' } : { kind: 'decided', intent };
  }

  async #open(kept: string | null): Promise<unknown> {
    const text = kept === null ? null : unseal(await this.acting.sealingKey(), kept);
    if (text !== null) return JSON.parse(text);
    throw conflict('This call was made with an operator key that was replaced since. Look at what it did.');
  }

  async #close(kept: Kept): Promise<string> {
    return seal(await this.acting.sealingKey(), JSON.stringify(kept));
  }
}

const partOf = (kept: unknown, part: 'intent' | 'answer'): unknown =>
  typeof kept === 'object' && kept !== null ? Reflect.get(kept, part) : undefined;

/** Keys belong to who chose them. */
export const scopeOf = (actor: Actor): Readonly<Record<string, string>> =>
  actor.kind === 'operator' ? { operator: actor.id } : { [actor.kind]: actor.name };

/** The same for the same arguments, in whatever order the caller wrote them down. */
const fingerprintOf = (verb: string, args: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([verb, sorted(args)]))
    .digest('base64url');

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.entries(value)
    .map(([name, each]): [string, unknown] => [name, sorted(each)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
};

const conflict = (message: string): OperatorError => new OperatorError('CONFLICT', message, 'idempotencyKey');
export const inFlight = (): OperatorError =>
  conflict('A call with this idempotencyKey is being carried out. Send it again later.');

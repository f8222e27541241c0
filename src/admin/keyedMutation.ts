/**
 * A mutation's `idempotencyKey`: the same call again gets the same answer and is carried out once. The records are those of
 * paid operations, under an account that is none: an operator's.
 */
import { createHash, randomBytes } from 'node:crypto';
import { accountId, holdId } from '../domain/ids.js';
import { invariant } from '../domain/invariant.js';
import { answerKeyed, decideKeyed, keyedOperationId, lockKeyed, unlockKeyed } from '../domain/keyedOperation.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import { OperatorError } from './operator.js';
import type { AdminContext } from './adminContext.js';
import { seal, unseal } from './seal.js';

export type Begun =
  /** Carry it out, with ids of this seed. */
  | { readonly kind: 'run'; readonly seed: string }
  /** It was carried out, and this was its answer. */
  | { readonly kind: 'replay'; readonly answer: unknown };

const LOCK_MS = 60_000;
const SEED_BYTES = 32;

interface Kept {
  readonly seed: string;
  readonly answer: unknown;
}

export class KeyedMutation {
  #record: KeyedOperation | null = null;
  #seed = '';
  readonly #terms: Pick<KeyedOperation, 'accountId' | 'key' | 'fingerprint'>;

  constructor(
    private readonly context: AdminContext,
    private readonly mutation: string,
    { idempotencyKey, ...args }: Readonly<Record<string, unknown>>,
  ) {
    this.#terms = {
      // No account has such an id: those of accounts have no braces.
      accountId: accountId(JSON.stringify({ operator: context.operator.id })),
      key: String(idempotencyKey),
      fingerprint: fingerprintOf(mutation, args),
    };
  }

  /** Locks the key. Throws `CONFLICT` where it belongs to another call, or to this one under way. */
  async begin(): Promise<Begun> {
    const { engine, now } = this.context;
    const [found = null] = await engine.store.findKeyedOperations([keyedOperationId(this.#terms)]);
    const verdict = decideKeyed(found, this.#terms.fingerprint, now);
    switch (verdict.kind) {
      case 'MISMATCH':
        throw conflict('This idempotencyKey was used for another call. Use a new one for each call.');
      case 'IN_FLIGHT':
        throw inFlight();
      case 'REPEAT':
        return { kind: 'replay', answer: this.#open(verdict.record).answer };
      case 'RUN':
        return this.#lock(found);
    }
  }

  /** Keeps the answer for who sends the call again. */
  async answer(answer: unknown): Promise<void> {
    if (this.#record === null) return;
    const nothing = { lines: [], units: [], delivered: [] };
    await this.#save(answerKeyed(this.#record, { ...nothing, answer: this.#close(answer) }));
  }

  /** Nothing was changed: the key is as good as new. */
  async free(): Promise<void> {
    if (this.#record !== null) await this.#save({ ...this.#record, lockedUntil: 0, expiresAt: this.context.now });
  }

  /** It is not known what was changed: the same call may come again at once, and makes the same ids. */
  async unlock(): Promise<void> {
    if (this.#record !== null) await this.#save(unlockKeyed(this.#record));
  }

  async #lock(found: KeyedOperation | null): Promise<Begun> {
    const { now } = this.context;
    const isSameCall = found !== null && now < found.expiresAt;
    this.#seed = isSameCall ? this.#open(found).seed : randomBytes(SEED_BYTES).toString('base64url');
    const terms = {
      ...this.#terms,
      holdId: holdId('none'),
      operationName: this.mutation,
      lockedUntil: now + LOCK_MS,
      delivered: [],
    };
    const isMine = await this.#save({ ...lockKeyed(found, terms, now), answer: this.#close(null) });
    if (!isMine) throw inFlight();
    return { kind: 'run', seed: this.#seed };
  }

  async #save(record: KeyedOperation): Promise<boolean> {
    const [outcome] = await this.context.engine.store.saveKeyedOperations([record]);
    if (outcome !== 'WON') return false;
    this.#record = { ...record, version: record.version + 1 };
    return true;
  }

  #close(answer: unknown): string {
    const kept: Kept = { seed: this.#seed, answer };
    return seal(this.context.sealingKey, JSON.stringify(kept));
  }

  #open({ answer }: KeyedOperation): Kept {
    const text = answer === null ? null : unseal(this.context.sealingKey, answer);
    if (text === null) {
      throw conflict('This call was made with an operator key that you have replaced since. Look at what it did.');
    }
    const kept: unknown = JSON.parse(text);
    invariant(isKept(kept), 'a sealed answer is none');
    return kept;
  }
}

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' && value !== null && 'seed' in value && typeof value.seed === 'string';

/** The same for the same arguments, in whatever order the client wrote them down. */
const fingerprintOf = (mutation: string, args: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([mutation, sorted(args)]))
    .digest('base64url');

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.entries(value)
    .map(([name, each]): [string, unknown] => [name, sorted(each)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
};

const conflict = (message: string): OperatorError => new OperatorError('CONFLICT', message, 'idempotencyKey');
const inFlight = (): OperatorError =>
  conflict('A call with this idempotencyKey is being carried out. Send it again later.');

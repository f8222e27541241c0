/**
 * The record of one idempotency key: found, locked, answered, each by compare and set, so that of two who come with the
 * same key one goes on. Operations of accounts and acts of operators share it; what they keep in it is theirs.
 */
import { answerKeyed, decideKeyed, keyedOperationId, lockKeyed, unlockKeyed } from '../domain/keyedOperation.js';
import type { KeyedOperation, KeyVerdict, LockTerms } from '../domain/keyedOperation.js';
import type { Instant } from '../domain/period.js';
import type { Store } from '../store/store.js';

/** What never changes of a record. */
export type KeyedCall = Pick<KeyedOperation, 'accountId' | 'key' | 'fingerprint' | 'operationName'>;

type KeyedAnswer = Pick<KeyedOperation, 'lines' | 'units' | 'delivered' | 'answer'>;

/** Every verb rejects with `StoreError`. */
export class KeyedRecord {
  #record: KeyedOperation | null = null;

  constructor(
    private readonly store: Pick<Store, 'findKeyedOperations' | 'saveKeyedOperations'>,
    private readonly call: KeyedCall,
  ) {}

  /** What is to be done with the call, as the record says. */
  async find(now: Instant): Promise<KeyVerdict> {
    const id = keyedOperationId(this.call);
    const [found = null] = await this.store.findKeyedOperations([id]);
    this.#record = found;
    return decideKeyed(found, this.call.fingerprint, now);
  }

  /** `kept`: what the record keeps already. `false` where another call with this key was first. */
  lock(
    terms: Pick<LockTerms, 'holdId' | 'lockedUntil' | 'delivered'>,
    now: Instant,
    kept: Partial<Pick<KeyedOperation, 'answer' | 'expiresAt'>> = {},
  ): Promise<boolean> {
    const { accountId, key, fingerprint, operationName } = this.call;
    const call = { accountId, key, fingerprint, operationName };
    return this.#save({ ...lockKeyed(this.#record, { ...call, ...terms }, now), ...kept });
  }

  /** `false` where the lock had run out and another call took over. */
  async answer(answer: KeyedAnswer): Promise<boolean> {
    return this.#record !== null && this.#save(answerKeyed(this.#record, answer));
  }

  /** The call came to nothing: whoever sends it again need not wait for the lock to run out. */
  async unlock(): Promise<void> {
    if (this.#record !== null) await this.#save(unlockKeyed(this.#record));
  }

  /** Nothing came of the call: the key is as good as new. */
  async free(now: Instant): Promise<void> {
    if (this.#record === null) return;
    await this.#save({ ...this.#record, lockedUntil: 0, expiresAt: now });
  }

  async #save(record: KeyedOperation): Promise<boolean> {
    const [outcome] = await this.store.saveKeyedOperations([record]);
    if (outcome !== 'WON') return false;
    this.#record = { ...record, version: record.version + 1 };
    return true;
  }
}

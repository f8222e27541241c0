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

type KeyedAnswer = Pick<KeyedOperation, 'lines' | 'units' | 'used' | 'answer'>;

/** Every verb rejects with `StoreError`. */
export class KeyedRecord {
  #record: KeyedOperation | null = null;
  /** What was sent last, where no reply told whether it was stored. */
  #unsure: KeyedOperation | null = null;

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

  /** What the record keeps of a call that was cut off; `null`: nothing. */
  get answerSoFar(): string | null {
    return this.#record?.answer ?? null;
  }

  /** `kept`: what the record keeps already. `false` where another call with this key was first. */
  lock(
    terms: Pick<LockTerms, 'holdId' | 'lockedUntil'>,
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
  unlock(): Promise<void> {
    return this.#endWith(unlockKeyed);
  }

  /** Nothing came of the call: the key is as good as new. */
  free(): Promise<void> {
    return this.#endWith((record) => ({ ...record, lockedUntil: 0, expiresAt: 0, answer: null }));
  }

  async #endWith(change: (record: KeyedOperation) => KeyedOperation): Promise<void> {
    const [unsure, known] = [this.#unsure, this.#record];
    const isEnded = unsure !== null && (await this.#save(change({ ...unsure, version: unsure.version + 1 })));
    if (!isEnded && known !== null) await this.#save(change(known));
  }

  async #save(record: KeyedOperation): Promise<boolean> {
    this.#unsure = record;
    const [outcome] = await this.store.saveKeyedOperations([record]);
    this.#unsure = null;
    if (outcome !== 'WON') return false;
    this.#record = { ...record, version: record.version + 1 };
    return true;
  }
}

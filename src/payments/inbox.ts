/**
 * What a provider tells. An event is noted, the object that it points at is followed, and only then is it done: whatever
 * fails in between is kept with its reason, and the provider sends the event again. An event that comes twice, late or to
 * two servers at once comes to the same.
 */
import { actingAs } from '../admin/acting.js';
import { OperatorError } from '../admin/operatorError.js';
import type { Bank } from '../accounts/bank.js';
import type { ObjectRef } from '../domain/provided.js';
import type { PaymentEvent } from '../domain/paymentEvent.js';
import { StoreError } from '../store/storeError.js';
import type { Follower, Followed } from './follower.js';
import { ProviderError } from './paymentProvider.js';
import type { PaymentProvider, ProviderEvent } from './paymentProvider.js';

export class Inbox {
  constructor(
    private readonly bank: Bank,
    private readonly provider: PaymentProvider,
    private readonly follower: Follower,
  ) {}

  /** Resolves once its effect is written. One that points at nothing of ours is not kept. */
  async take(event: ProviderEvent): Promise<Followed> {
    if (event.object === null) return { isOurs: false, isChanged: false };
    const noted = await this.#note(event, event.object);
    return noted.doneAt === null ? this.#apply(noted) : { isOurs: true, isChanged: false };
  }

  /** Applies one once more, done or not. */
  async replay(id: string): Promise<Followed> {
    const named = id.includes(':') ? id : `${this.provider.name}:${id}`;
    const event = await this.#find(named);
    if (event === null) throw new OperatorError('NOT_FOUND', 'There is no such event in the inbox.', 'eventId');
    return this.#apply(event);
  }

  async #apply(event: PaymentEvent): Promise<Followed> {
    const acting = actingAs(this.bank, { kind: 'provider', name: this.provider.name, event: event.id });
    try {
      const followed =
        event.object === null ? { isOurs: false, isChanged: false } : await this.follower.follow(acting, event.object);
      await this.#save(event, { doneAt: this.bank.settings.now(), error: null });
      return followed;
    } catch (error) {
      await this.#save(event, { error: reasonOf(error) }).catch(this.bank.settings.onFailure);
      throw error;
    }
  }

  async #note({ id, type, at }: ProviderEvent, object: ObjectRef): Promise<PaymentEvent> {
    const { name } = this.provider;
    const event: PaymentEvent = {
      ...{ id: `${name}:${id}`, provider: name, type, at, object, receivedAt: this.bank.settings.now() },
      ...{ doneAt: null, attempts: 0, error: null, version: 0 },
    };
    const before = await this.#find(event.id);
    if (before !== null) return before;
    const [outcome] = await this.bank.store.savePayments('paymentEvents', [event]);
    return outcome === 'WON' ? { ...event, version: 1 } : ((await this.#find(event.id)) ?? event);
  }

  async #find(id: string): Promise<PaymentEvent | null> {
    return (await this.bank.store.findPayments('paymentEvents', [id]))[0] ?? null;
  }

  /** What one server has done stays done, whatever another one says of its own attempt. */
  async #save(event: PaymentEvent, changes: Partial<Pick<PaymentEvent, 'doneAt' | 'error'>>): Promise<void> {
    let current: PaymentEvent | null = event;
    while (current !== null) {
      const isDone = current.doneAt !== null && changes.doneAt === undefined;
      if (isDone) return;
      const next: PaymentEvent = { ...current, ...changes, attempts: current.attempts + 1 };
      const [outcome] = await this.bank.store.savePayments('paymentEvents', [next]);
      if (outcome === 'WON') return;
      current = await this.#find(event.id);
    }
  }
}

/** Others than these may say anything, secrets too. */
export const reasonOf = (error: unknown): string => {
  const isSaid = error instanceof ProviderError || error instanceof OperatorError || error instanceof StoreError;
  if (isSaid) return error.message;
  return error instanceof Error ? `It failed with ${error.name}: look at the log.` : 'It failed: look at the log.';
};

/** Plans are few: all of them are kept in memory and read again when older than `refreshMs`. */
import type { PlanId } from '../domain/ids.js';
import type { Plan } from '../domain/plan.js';
import type { Store } from '../store/store.js';
import type { MaybePromise } from '../domain/maybePromise.js';

export interface Plans {
  /** A version of a plan; `null`: there is none. */
  readonly find: (id: PlanId, version: number) => Plan | null;
  /** What can be bought: the newest version of each plan that is active. */
  readonly offers: readonly Plan[];
}

export class PlanShelf {
  #plans: Plans | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Plans> | null = null;

  constructor(
    private readonly store: Pick<Store, 'findPlans'>,
    private readonly refreshMs: number,
    /** Goes on whatever the wall clock does: one that is set back would make old plans look fresh. */
    private readonly uptimeMs: () => number = () => performance.now(),
  ) {}

  /** Rejects with `StoreError` where the plans have to be read and can't be. */
  current(): MaybePromise<Plans> {
    if (this.#plans !== null && this.uptimeMs() - this.#readAt < this.refreshMs) return this.#plans;
    this.#reading ??= this.#read();
    return this.#reading;
  }

  /** The next who asks gets the plans as they are then, also where they are being read at this moment. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
    this.#reading = null;
  }

  #read(): Promise<Plans> {
    const readAt = this.uptimeMs();
    const isLatest = () => this.#reading === reading;
    const reading: Promise<Plans> = this.store.findPlans().then(
      (found) => {
        const plans = shelve(found);
        if (isLatest()) [this.#plans, this.#readAt, this.#reading] = [plans, readAt, null];
        return plans;
      },
      (error: unknown) => {
        if (isLatest()) this.#reading = null;
        throw error;
      },
    );
    return reading;
  }
}

const shelve = (plans: readonly Plan[]): Plans => {
  // By id and then by version: a text of both would be made and hashed for each operation.
  const versions = new Map<PlanId, Map<number, Plan>>();
  const newest = new Map<PlanId, Plan>();
  for (const plan of plans) {
    const ofPlan = versions.get(plan.id) ?? new Map<number, Plan>();
    versions.set(plan.id, ofPlan.set(plan.version, plan));
    const known = newest.get(plan.id);
    if (plan.status !== 'DRAFT' && (known === undefined || known.version < plan.version)) newest.set(plan.id, plan);
  }
  return {
    find: (id, version) => versions.get(id)?.get(version) ?? null,
    offers: [...newest.values()].filter((plan) => plan.status === 'ACTIVE'),
  };
};

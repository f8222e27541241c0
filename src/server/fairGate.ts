/**
 * Lets so many in at once, in all and of each party. Who comes when there is no room waits, not for long, and the parties
 * take turns: one that floods waits for itself.
 */
import type { MaybePromise } from '../domain/maybePromise.js';

export interface GateLimits {
  readonly each: number;
  readonly all: number;
  /** How long one waits at most. */
  readonly waitMs: number;
}

/** `EACH`: the party has had its share. `ALL`: there was no room for anybody. */
export type Entry =
  { readonly kind: 'IN'; readonly leave: () => void } | { readonly kind: 'EACH' } | { readonly kind: 'ALL' };

/** Of one party. More are not let in to wait: they would only be told so later. */
const WAITING_MAX = 1_000;

interface Waiting {
  readonly enter: (entry: Entry) => void;
  /** `null`: it waits as long as it takes. */
  readonly overdue: NodeJS.Timeout | null;
}

interface Inside {
  count: number;
  readonly waiting: Set<Waiting>;
}

export class FairGate<Party> {
  readonly #parties = new Map<Party, Inside>();
  /** Those that wait although they have not had their share: the next to enter is of the first. */
  readonly #turns = new Set<Party>();
  #count = 0;

  constructor(private readonly limits: GateLimits) {}

  /** Who is inside now. */
  get count(): number {
    return this.#count;
  }

  /** At once where there is room. `patient`: it waits as long as it takes. */
  enter(party: Party, { patient = false }: { readonly patient?: boolean } = {}): MaybePromise<Entry> {
    const { each, all, waitMs } = this.limits;
    const inside = this.#insideOf(party);
    if (inside.count < each && this.#count < all) return this.#letIn(party, inside);
    const kind = inside.count < each ? 'ALL' : 'EACH';
    if (!patient && (waitMs === 0 || inside.waiting.size >= WAITING_MAX)) {
      this.#forget(party, inside);
      return { kind };
    }
    return new Promise((enter) => {
      const giveUp = (): void => {
        inside.waiting.delete(waiting);
        if (inside.waiting.size === 0) this.#turns.delete(party);
        this.#forget(party, inside);
        enter({ kind });
      };
      const waiting: Waiting = { enter, overdue: patient ? null : setTimeout(giveUp, waitMs) };
      inside.waiting.add(waiting);
      if (inside.count < each) this.#turns.add(party);
    });
  }

  #letIn(party: Party, inside: Inside): Entry {
    inside.count += 1;
    this.#count += 1;
    let isIn = true;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      inside.count -= 1;
      this.#count -= 1;
      if (inside.waiting.size > 0) this.#turns.add(party);
      this.#forget(party, inside);
      this.#letNextIn();
    };
    return { kind: 'IN', leave };
  }

  #letNextIn(): void {
    while (this.#count < this.limits.all) {
      const [party] = this.#turns;
      if (party === undefined) return;
      this.#turns.delete(party);
      const inside = this.#insideOf(party);
      const [next] = inside.waiting;
      if (next === undefined) continue;
      inside.waiting.delete(next);
      if (next.overdue !== null) clearTimeout(next.overdue);
      const entry = this.#letIn(party, inside);
      if (inside.waiting.size > 0 && inside.count < this.limits.each) this.#turns.add(party);
      next.enter(entry);
    }
  }

  #insideOf(party: Party): Inside {
    const known = this.#parties.get(party);
    if (known !== undefined) return known;
    const inside = { count: 0, waiting: new Set<Waiting>() };
    this.#parties.set(party, inside);
    return inside;
  }

  #forget(party: Party, { count, waiting }: Inside): void {
    if (count === 0 && waiting.size === 0) this.#parties.delete(party);
  }
}

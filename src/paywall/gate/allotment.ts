/**
 * What an allotment still has while its operation runs. Positions of one place that are decided alike are only counted,
 * and taken off the means together: a list of a thousand items makes two means and not a thousand.
 */
import { decide } from '../../domain/admission.js';
import { demandOf, meansOf, NO_DEMAND, repeatsOf, standingWithout, withMeans } from '../../domain/demand.js';
import type { Decision, Standing } from '../../domain/admission.js';
import type { Demand } from '../../domain/demand.js';
import type { Instant } from '../../domain/period.js';
import { leftOf } from '../../domain/wallet.js';
import type { QuotedField } from '../price/quote.js';
import type { PaidField } from '../price/requirements.js';

/** What the positions of one place draw on. Places beneath one abstract type share an allotment. */
export class Allotment {
  /** What was set aside for it, and for nothing else. */
  demand = NO_DEMAND;
  #left: Remainder | null = null;

  /** What is left of it while the operation runs. The standing is the caller's, and always the same. */
  leftFor(standing: Standing, now: Instant): Remainder {
    if (this.#left !== null) return this.#left;
    const { means } = standing;
    const own = means === null ? null : meansOf(means, this.demand, now);
    return (this.#left = new Remainder(withMeans(standing, own), now));
  }

  get left(): Demand {
    return this.#left === null ? this.demand : this.#left.of(this.demand);
  }

  /** Gives what is left of it, which it has no more then. */
  empty(): Demand {
    const { left } = this;
    this.#left?.empty(left);
    if (this.#left === null) this.demand = NO_DEMAND;
    return left;
  }
}

/** Positions of one place, each decided like the first. */
interface Run {
  readonly field: QuotedField;
  readonly decision: Decision;
  /** For how many the means suffice. */
  readonly positionsMax: number;
  positions: number;
}

export class Remainder {
  #run: Run | null = null;

  constructor(
    private standing: Standing,
    private readonly now: Instant,
  ) {}

  /** Decides the next position of this place, and takes what it draws. */
  draw(field: QuotedField, paid: PaidField): Decision {
    const run = this.#run;
    if (run?.field === field && run.positions < run.positionsMax) {
      run.positions += 1;
      return run.decision;
    }
    this.#takeOff();
    const { means } = this.standing;
    const decision = decide(paid, field.units, this.standing, this.now);
    if (decision.outcome !== 'refused' && means !== null) {
      const positionsMax = repeatsOf(decision, Number.MAX_SAFE_INTEGER, means);
      this.#run = { field, decision, positionsMax, positions: 1 };
    }
    return decision;
  }

  /** What is left of a demand that it began with. */
  of({ claims }: Demand): Demand {
    this.#takeOff();
    const { means } = this.standing;
    if (means === null) return NO_DEMAND;
    const left = claims.map((claim) => ({ ...claim, units: leftOf(means.counters, claim) }));
    return { credits: means.credits, claims: left.filter(({ units }) => units > 0) };
  }

  empty(left: Demand): void {
    this.standing = standingWithout(this.standing, left);
  }

  #takeOff(): void {
    const run = this.#run;
    if (run === null) return;
    this.standing = standingWithout(this.standing, demandOf(run.decision, run.positions));
    this.#run = null;
  }
}

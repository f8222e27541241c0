/**
 * What an allotment still has while its operation runs. Positions of one place that are decided alike are only counted,
 * and taken off the means together: a list of a thousand items makes two means and not a thousand.
 */
import { decide, withMeans } from '../../domain/admission.js';
import type { Decision, Standing } from '../../domain/admission.js';
import { demandOf, meansWithout, repeatsOf } from '../../domain/demand.js';
import { invariant } from '../../domain/invariant.js';
import type { Instant } from '../../domain/period.js';
import type { QuotedField } from '../price/quote.js';

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
  draw(field: QuotedField): Decision {
    const run = this.#run;
    if (run?.field === field && run.positions < run.positionsMax) {
      run.positions += 1;
      return run.decision;
    }
    this.#takeOff();
    const { paid } = field.place;
    invariant(paid !== null, 'a free field drew on a tab');
    const { means } = this.standing;
    const decision = decide(paid, field.units, this.standing, this.now);
    if (decision.outcome !== 'refused' && means !== null) {
      const positionsMax = repeatsOf(decision, Number.MAX_SAFE_INTEGER, means);
      this.#run = { field, decision, positionsMax, positions: 1 };
    }
    return decision;
  }

  #takeOff(): void {
    const { means } = this.standing;
    if (this.#run !== null && means !== null) {
      const demand = demandOf(this.#run.decision, this.#run.positions);
      this.standing = withMeans(this.standing, meansWithout(means, demand));
    }
    this.#run = null;
  }
}

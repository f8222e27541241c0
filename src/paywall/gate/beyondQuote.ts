/**
 * Positions that what was set aside for their place does not suffice for: a list was longer than quoted, or gate 1 had
 * to refuse them because places before them might need the means. Those of one turn of the event loop are decided
 * together, on the wallet as it is. Where that refuses, and what other places don't use would suffice, they wait until
 * nothing is under way that could still ask for it, and are decided on what is left then.
 */
import { decide } from '../../domain/admission.js';
import {
  addDemands,
  demandOf,
  excessOf,
  meansOf,
  meansWith,
  meansWithout,
  NO_DEMAND,
  withMeans,
} from '../../domain/demand.js';
import type { Decision, Standing } from '../../domain/admission.js';
import type { Demand } from '../../domain/demand.js';
import { invariant } from '../../domain/invariant.js';
import type { Instant } from '../../domain/period.js';
import { allotmentsIn } from './admit.js';
import type { AdmittedField, AdmittedType } from './admit.js';
import type { Allotment } from './allotment.js';
import { decideAll } from './operationHold.js';
import type { OperationHold } from './operationHold.js';

export interface BeyondQuoteOptions {
  readonly admitted: AdmittedType;
  readonly standing: Standing;
  readonly openedAt: Instant;
  readonly hold: Pick<OperationHold, 'extend' | 'demand'>;
}

interface Asked {
  readonly field: AdmittedField;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

export class BeyondQuote {
  /** Decided in the next turn. */
  #asked: Asked[] = [];
  /** Decided once nothing is under way. */
  #patient: Asked[] = [];
  /** What places did not use, taken from them because nothing is left that would. */
  #pool: Demand = NO_DEMAND;
  /** Resolvers under way whose values may have paid fields beneath. */
  #underWay = 0;
  #work: Promise<void> | null = null;
  #isScheduled = false;
  #isClosed = false;
  #found: ReadonlySet<Allotment> | null = null;

  constructor(private readonly options: BeyondQuoteOptions) {}

  get #allotments(): ReadonlySet<Allotment> {
    return (this.#found ??= allotmentsIn([this.options.admitted]));
  }

  /** Takes note of a resolver that has not answered yet. */
  follow(value: PromiseLike<unknown>): void {
    this.#underWay += 1;
    const done = (): void => {
      this.#underWay -= 1;
      if (this.#underWay === 0 && this.#patient.length > 0) this.#schedule();
    };
    value.then(done, done);
  }

  /** Decides on one position more; at once where it is sure that nothing can come of asking. */
  ask(field: AdmittedField): Promise<Decision> | Decision {
    const decision = this.#onUnspent(field);
    const isRefusedBefore = field.refusal !== null;
    if (isRefusedBefore && decision.outcome === 'refused') return decision;
    return new Promise((resolve, reject) => {
      const asked = { field, resolve, reject };
      if (isRefusedBefore) this.#patient.push(asked);
      else this.#asked.push(asked);
      this.#schedule();
    });
  }

  /** Nothing is decided any more. Resolves when what is being written is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  /** One at a time: what one of them holds, the next one has to know. */
  #schedule(): void {
    if (this.#isScheduled || this.#work !== null) return;
    this.#isScheduled = true;
    // Whatever the resolvers that are done have beneath them has asked by then.
    setImmediate(() => {
      this.#isScheduled = false;
      const batch = this.#nextBatch();
      if (batch === null) return;
      this.#work = batch().finally(() => {
        this.#work = null;
        if (this.#asked.length + this.#patient.length > 0) this.#schedule();
      });
    });
  }

  #nextBatch(): (() => Promise<void>) | null {
    if (this.#isClosed) return null;
    if (this.#asked.length > 0) return () => this.#decideOnWallet();
    return this.#patient.length > 0 && this.#underWay === 0 ? () => this.#decideOnRest() : null;
  }

  /** What the wallet refuses may come of what other places leave. */
  #decideOnWallet(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    return this.#extend(asked, NO_DEMAND, (each, decision) => {
      if (isFinal(decision) || this.#onUnspent(each.field).outcome === 'refused') each.resolve(decision);
      else this.#patient.push(each);
    });
  }

  /** Places that are not done yet although nothing is under way (a list of promises has them) ask for it anew. */
  async #decideOnRest(): Promise<void> {
    const { standing, openedAt } = this.options;
    const patient = this.#patient.toSorted((a, b) => a.field.order - b.field.order);
    this.#patient = [];
    for (const allotment of this.#allotments) this.#pool = addDemands(this.#pool, allotment.empty());
    const pool = this.#pool;
    const means = standing.means === null ? null : meansOf(standing.means, pool, openedAt);
    const fields = patient.map(({ field }) => field.quoted);
    const { demand, outcome } = decideAll(fields, withMeans(standing, means), openedAt);
    // Before credits are spent the plan is asked, which may cover more than was set aside.
    const isEnough = outcome.every((decision) => decision.outcome !== 'refused');
    if (isEnough && (demand.credits === 0 || means?.plan == null)) {
      this.#pool = excessOf(pool, demand);
      for (const [index, { resolve }] of patient.entries()) resolve(decisionAt(outcome, index));
      return;
    }
    let used = NO_DEMAND;
    await this.#extend(patient, pool, ({ resolve }, decision) => {
      used = addDemands(used, demandOf(decision, 1));
      resolve(decision);
    });
    this.#pool = excessOf(pool, used);
  }

  /** Decides on the wallet and the pool together, and holds what the pool does not have. */
  async #extend(
    batch: readonly Asked[],
    pool: Demand,
    answer: (asked: Asked, decision: Decision) => void,
  ): Promise<void> {
    const { hold, standing } = this.options;
    const fields = batch.map(({ field }) => field.quoted);
    try {
      const decisions = await hold.extend(fields, standing, pool);
      for (const [index, asked] of batch.entries()) answer(asked, decisionAt(decisions, index));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** What the account had for this operation, less what positions have drawn so far. */
  #onUnspent({ quoted: { place, units } }: AdmittedField): Decision {
    const { standing, openedAt, hold } = this.options;
    invariant(place.paid !== null && standing.means !== null, 'nothing could come of asking for more');
    let unspent = this.#pool;
    for (const allotment of this.#allotments) unspent = addDemands(unspent, allotment.left);
    const means = meansWith(meansWithout(standing.means, hold.demand), unspent);
    return decide(place.paid, units, withMeans(standing, means), openedAt);
  }
}

/** A store that is away does not come back because other places leave something. */
const isFinal = (decision: Decision): boolean =>
  decision.outcome !== 'refused' || decision.refusal.reason === 'STORE_UNAVAILABLE';

const decisionAt = (decisions: readonly Decision[], index: number): Decision => {
  const decision = decisions[index];
  invariant(decision !== undefined, 'an extension answered fewer positions than were asked');
  return decision;
};

/**
 * Gate 1: decides every quoted position in document order against one running balance, before anything runs. The
 * outcome says what to hold, what each place may draw on while the operation runs, and what is refused.
 */
import { decide } from '../../domain/admission.js';
import { addDemands, demandOf, largerDemand, NO_DEMAND, repeatsOf, standingWithout } from '../../domain/demand.js';
import type { Decision, Standing } from '../../domain/admission.js';
import type { Demand } from '../../domain/demand.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal } from '../../domain/refusal.js';
import type { Quote, QuotedField, QuotedSelection, QuotedType } from '../price/quote.js';
import { Allotment } from './allotment.js';
import { listDepthOf } from '../price/listSize.js';
import type { Place } from '../price/places.js';
import type { PaidField } from '../price/requirements.js';

export interface AdmittedField {
  readonly quoted: QuotedField;
  /** Where it stands among all places of the operation, in document order. */
  readonly order: number;
  readonly allotment: Allotment;
  /** Why no more positions than the allotment pays for are admitted; `null`: all that were quoted are. */
  readonly refusal: Refusal | null;
  readonly beneath: AdmittedSelection;
}

export interface AdmittedType {
  readonly quoted: QuotedType;
  /** Those that were quoted, in the same order. */
  readonly fields: readonly AdmittedField[];
}

export const fieldOf = ({ quoted, fields }: AdmittedType, responseKey: string): AdmittedField | undefined =>
  fields[quoted.indexByKey.get(responseKey) ?? -1];

/** One entry for each object type that the value can have. */
export type AdmittedSelection = readonly AdmittedType[];

/** The allotments of all places, each once. */
export const allotmentsIn = (selection: AdmittedSelection, found = new Set<Allotment>()): ReadonlySet<Allotment> => {
  for (const { allotment, beneath } of selection.flatMap(({ fields }) => fields)) {
    found.add(allotment);
    allotmentsIn(beneath, found);
  }
  return found;
};

/** Where a place is in the response, lists aside: from the last response key to the first. */
export interface PlacePath {
  readonly place: Place;
  readonly above: PlacePath | null;
}

/** The path that the first position of a place would have in the response. */
export const firstPathOf = ({ place, above }: PlacePath): readonly (string | number)[] =>
  above === null
    ? [place.responseKey]
    : [...firstPathOf(above), ...Array<number>(listDepthOf(above.place.field.type)).fill(0), place.responseKey];

export interface Refused {
  readonly quoted: QuotedField;
  readonly path: PlacePath;
  readonly refusal: Refusal;
}

/** Positions of one place that are decided alike. Of the types of an abstract type each is there, as if all were of it. */
export interface Granted {
  readonly quoted: QuotedField;
  readonly path: PlacePath;
  readonly positions: number;
  readonly decision: Exclude<Decision, { readonly outcome: 'refused' }>;
}

export interface Admission {
  readonly root: AdmittedType;
  /** What to hold for all that is admitted. */
  readonly demand: Demand;
  /** In document order, as are those below. */
  readonly refused: readonly Refused[];
  readonly granted: readonly Granted[];
  /** Whether nothing of the operation is to run. */
  readonly isBlocked: boolean;
}

export interface AdmitRules {
  /** Any refusal blocks the operation: for mutations, and where the author wants no partial answers. */
  readonly isAllOrNothing: boolean;
}

export const admit = (quote: Quote, standing: Standing, now: Instant, rules: AdmitRules): Admission => {
  const walk = new AdmissionWalk(standing, now);
  const root = walk.admitType(quote.root, { parents: 1, shared: null, isNullFatal: true, path: null });
  const refusedRoots = root.fields.filter(({ refusal }) => refusal !== null).length;
  const isAllRefused = refusedRoots > 0 && refusedRoots === quote.rootFieldCount;
  return {
    root,
    demand: walk.demand,
    refused: walk.refused,
    granted: walk.granted,
    isBlocked: isAllRefused || walk.isFatal || (rules.isAllOrNothing && walk.refused.length > 0),
  };
};

/** What is known of the objects whose fields are admitted. */
interface Surroundings {
  /** How many objects there are, at most. */
  readonly parents: number;
  /** The allotment of the abstract type above, if any. */
  readonly shared: Allotment | null;
  /** Whether a null object here makes its way up to `data`. */
  readonly isNullFatal: boolean;
  readonly path: PlacePath | null;
}

class AdmissionWalk {
  readonly refused: Refused[] = [];
  readonly granted: Granted[] = [];
  demand = NO_DEMAND;
  isFatal = false;
  #places = 0;
  #standing: Standing;

  constructor(
    private readonly opening: Standing,
    private readonly now: Instant,
  ) {
    this.#standing = opening;
  }

  admitType(quoted: QuotedType, around: Surroundings): AdmittedType {
    return { quoted, fields: quoted.fields.map((field) => this.#admitField(field, around)) };
  }

  #admitField(quoted: QuotedField, around: Surroundings): AdmittedField {
    const order = (this.#places += 1);
    const allotment = around.shared ?? new Allotment();
    const path: PlacePath = { place: quoted.place, above: around.path };
    const { positions, refusal } =
      quoted.place.paid === null
        ? { positions: around.parents, refusal: null }
        : this.#admitPositions(quoted.place.paid, around.parents, { quoted, path, allotment });
    if (refusal !== null) {
      this.refused.push({ quoted, path, refusal });
      this.isFatal ||= quoted.place.isNonNull && around.isNullFatal;
    }
    // Nothing beneath a refused field is priced, nor beneath a list that should be empty. It is walked all the same: the
    // list may turn out longer, and the field be admitted when it resolves.
    const beneath = this.#admitBeneath(quoted, positions, around, path);
    return { quoted, order, allotment, refusal, beneath };
  }

  #admitPositions(
    paid: PaidField,
    count: number,
    { quoted, path, allotment }: Pick<Granted, 'quoted' | 'path'> & { readonly allotment: Allotment },
  ): { readonly positions: number; readonly refusal: Refusal | null } {
    const { units } = quoted;
    let positions = 0;
    // No unit takes nothing from what comes after it, so what came before it takes nothing from it either.
    const standing = units === 0 ? this.opening : null;
    while (positions < count) {
      const decision = decide(paid, units, standing ?? this.#standing, this.now);
      if (decision.outcome === 'refused') return { positions, refusal: decision.refusal };
      const { means } = this.#standing;
      const repeats = means === null ? 1 : repeatsOf(decision, count - positions, means);
      const demand = demandOf(decision, repeats);
      this.#standing = standingWithout(this.#standing, demand);
      this.demand = addDemands(this.demand, demand);
      allotment.demand = addDemands(allotment.demand, demand);
      this.granted.push({ quoted, path, positions: repeats, decision });
      positions += repeats;
    }
    return { positions, refusal: null };
  }

  #admitBeneath(quoted: QuotedField, positions: number, around: Surroundings, path: PlacePath): AdmittedSelection {
    if (quoted.beneath.length === 0) return EMPTY;
    const beneath: Surroundings = {
      parents: positions * quoted.size,
      shared: around.shared,
      path,
      isNullFatal: around.isNullFatal && quoted.place.isNonNull && quoted.place.isItemNonNull,
    };
    const [only] = quoted.beneath;
    if (only !== undefined && quoted.beneath.length === 1) return [this.admitType(only, beneath)];
    return this.#admitDearest(quoted.beneath, { ...beneath, shared: around.shared ?? new Allotment() });
  }

  /**
   * Of an abstract type each possible type is admitted as if all objects were of it, and what suffices for the dearest
   * is set aside. The types share it: which of them comes true is known only when it runs.
   */
  #admitDearest(selection: QuotedSelection, around: Surroundings): AdmittedSelection {
    const standing = this.#standing;
    const demandBefore = this.demand;
    const shared = around.shared ?? new Allotment();
    const sharedBefore = shared.demand;
    let dearest = NO_DEMAND;
    const admitted = selection.map((type) => {
      this.#standing = standing;
      this.demand = NO_DEMAND;
      const fields = this.admitType(type, around);
      dearest = largerDemand(dearest, this.demand);
      return fields;
    });
    this.#standing = standingWithout(standing, dearest);
    this.demand = addDemands(demandBefore, dearest);
    shared.demand = addDemands(sharedBefore, dearest);
    return admitted;
  }
}

const EMPTY: AdmittedSelection = [];

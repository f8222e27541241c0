/**
 * What one operation holds and draws on. Gate 2: each paid position asks here, at the moment it resolves, and is
 * admitted by the same `decide` as before the operation ran, against what was set aside for its place. As long as that
 * suffices the answer is synchronous; a list longer than quoted asks the wallet for more, all positions of one turn of
 * the event loop together.
 */
import { responsePathAsArray } from 'graphql';
import type { FieldNode, GraphQLError, GraphQLResolveInfo } from 'graphql';
import { decide } from '../../domain/admission.js';
import type { Standing } from '../../domain/admission.js';
import { isNothing } from '../../domain/demand.js';
import { invariant, InvariantError } from '../../domain/invariant.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal } from '../../domain/refusal.js';
import { fieldOf } from './admit.js';
import { BeyondQuote } from './beyondQuote.js';
import type { AdmittedField, AdmittedSelection, AdmittedType } from './admit.js';
import { drawAt, noteDraw } from './draw.js';
import type { Draw, Path, Selected } from './draw.js';
import type { OperationHold } from './operationHold.js';
import { whenReady } from '../../domain/maybePromise.js';
import type { MaybePromise } from '../../domain/maybePromise.js';
import type { OperationRefusals } from '../refuse/operationRefusals.js';
import type { Remainder } from './allotment.js';
import type { PaidField } from '../price/requirements.js';

export interface TabOptions {
  readonly admitted: AdmittedType;
  readonly standing: Standing;
  /** When the tab was opened: all its positions are decided at this instant. */
  readonly openedAt: Instant;
  readonly hold: Pick<OperationHold, 'extend' | 'demand'>;
  readonly refusals: OperationRefusals;
}

/** A paid place, and what its positions drew. */
export interface DrawnPlace {
  readonly field: AdmittedField;
  readonly selected: Selected;
  readonly draws: readonly Draw[];
}

/** A place of which a position has resolved. Its draws are in the order in which they were made. */
interface OpenPlace extends DrawnPlace {
  readonly paid: PaidField;
  readonly left: Remainder;
  readonly draws: Draw[];
}

export class Tab {
  /** graphql-js makes one array of nodes for all items of a list, so a place is looked up once and not per item. */
  readonly #places = new Map<readonly FieldNode[], OpenPlace>();
  /** Most operations never ask for more than was quoted. */
  #beyondQuote: BeyondQuote | null = null;
  #isClosed = false;
  #execution: unknown;

  readonly admitted: AdmittedType;
  readonly openedAt: Instant;

  constructor(private readonly options: TabOptions) {
    this.admitted = options.admitted;
    this.openedAt = options.openedAt;
  }

  /**
   * Whether this resolver runs in the execution that the tab was opened for. graphql-js makes one object of coerced
   * variables for each: the first to draw is the one.
   */
  isOf({ variableValues }: GraphQLResolveInfo): boolean {
    this.#execution ??= variableValues;
    return this.#execution === variableValues;
  }

  /** Admits one position and notes what it drew, or says what it lacks. */
  draw(info: GraphQLResolveInfo): MaybePromise<Draw | Refusal> {
    if (this.#isClosed)
      throw new InvariantError('Tollgate has a bug: a paid field resolved after its operation was settled');
    // A wrapper around the resolver may have called it before: one position is charged once.
    const before = drawAt(info.path);
    if (before !== undefined) return before;
    const place = this.#placeOf(info);
    const { quoted } = place.field;
    const { standing, openedAt } = this.options;
    const decision =
      quoted.units === 0 ? decide(place.paid, 0, standing, openedAt) : place.left.draw(quoted, place.paid);
    if (decision.outcome === 'refused') return this.#drawBeyond(place, info, decision.refusal);
    return this.#note(place, info, decision);
  }

  /** How it is said that a position was refused. */
  errorOf(refusal: Refusal, info: GraphQLResolveInfo): GraphQLError {
    const { units } = this.#placeOf(info).field.quoted;
    return this.options.refusals.errorOf(refusal, units, {
      nodes: info.fieldNodes,
      path: responsePathAsArray(info.path),
    });
  }

  /**
   * No position can draw any more: gives what was drawn, place by place. Positions that still wait are in parts of the
   * response that an error has made null: they get no answer, and nothing is held for them.
   */
  close(): MaybePromise<readonly DrawnPlace[]> {
    this.#isClosed = true;
    const places = (): readonly DrawnPlace[] => [...this.#places.values()];
    return this.#beyondQuote?.close().then(places) ?? places();
  }

  /** Takes note of a resolver under way whose value may have paid fields beneath: what it will need is not known yet. */
  follow(value: PromiseLike<unknown>): void {
    this.#beyond.follow(value);
  }

  get #beyond(): BeyondQuote {
    return (this.#beyondQuote ??= new BeyondQuote(this.options));
  }

  /** The allotment does not suffice: it was cut short by the means already, or the list is longer than quoted. */
  #drawBeyond(place: OpenPlace, info: GraphQLResolveInfo, refusal: Refusal): MaybePromise<Draw | Refusal> {
    const { field } = place;
    const { standing, hold } = this.options;
    if (field.quoted.units === 0 || standing.means === null) return field.refusal ?? refusal;
    // Nothing was set aside for any place, so that none of them can leave something.
    if (field.refusal !== null && isNothing(hold.demand)) return field.refusal;
    return whenReady(this.#beyond.ask(field), (decision) =>
      decision.outcome === 'refused' ? decision.refusal : (drawAt(info.path) ?? this.#note(place, info, decision)),
    );
  }

  #note(place: OpenPlace, info: GraphQLResolveInfo, decision: Draw['decision']): Draw {
    const { order, quoted } = place.field;
    const { units } = quoted;
    const draw = {
      path: info.path,
      paid: place.paid,
      decision,
      quotedUnits: units,
      usedUnits: units,
      order,
    };
    noteDraw(draw);
    place.draws.push(draw);
    return draw;
  }

  #placeOf(info: GraphQLResolveInfo): OpenPlace {
    const known = this.#places.get(info.fieldNodes);
    if (known !== undefined) return known;
    const field = fieldAt([this.options.admitted], info.path);
    invariant(field !== undefined, `${info.parentType.name}.${info.fieldName} resolves where it was not quoted`);
    const { paid } = field.quoted.place;
    invariant(paid !== null, 'a free field drew on a tab');
    const left = field.allotment.leftFor(this.options.standing, this.options.openedAt);
    const place = { field, paid, left, selected: info, draws: [] };
    this.#places.set(info.fieldNodes, place);
    return place;
  }
}

/** Follows the path from the root, list indices aside. */
const fieldAt = (root: AdmittedSelection, { prev, key, typename }: Path): AdmittedField | undefined => {
  if (typeof key === 'number') return prev === undefined ? undefined : fieldAt(root, prev);
  const selection = prev === undefined ? root : fieldAt(root, prev)?.beneath;
  const type = selection?.find(({ quoted }) => quoted.typeName === typename);
  return type === undefined ? undefined : fieldOf(type, key);
};

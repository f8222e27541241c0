/**
 * What one operation holds and draws on. Gate 2: each paid position asks here, at the moment it resolves, and is
 * admitted by the same `decide` as before the operation ran, against what was set aside for its place. As long as that
 * suffices the answer is synchronous; a list longer than quoted asks the wallet for more, all positions of one turn of
 * the event loop together.
 */
import type { FieldNode, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import type { Decision, Standing } from '../domain/admission.js';
import { invariant } from '../domain/invariant.js';
import type { Instant } from '../domain/period.js';
import type { Refusal } from '../domain/refusal.js';
import { standingOf } from './admit.js';
import type { AdmittedField, AdmittedSelection, Allotment } from './admit.js';
import { deliveryOf } from './delivery.js';
import type { Delivery, Response } from './delivery.js';
import { Draws, noteDraws } from './draw.js';
import type { Draw, Path } from './draw.js';
import type { QuotedField } from './quote.js';
import { Remainder } from './remainder.js';

/** Decides positions beyond the quote on the wallet as it is now, and holds what they need: same length, same order. */
export type ExtendTab = (positions: readonly QuotedField[]) => Promise<readonly Decision[]>;

export interface TabTerms {
  readonly admitted: AdmittedSelection;
  readonly standing: Standing;
  /** When the tab was opened: all its positions are decided at this instant. */
  readonly openedAt: Instant;
  /** Units by coordinate that were charged before: drawn on first. */
  readonly prepaid: ReadonlyMap<string, number>;
  readonly extend: ExtendTab;
}

const PREPAID: Draw['decision'] = { outcome: 'paid', credits: 0 };

interface Waiting {
  readonly field: QuotedField;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

export class Tab {
  readonly #draws = new Draws();
  /** graphql-js makes one array of nodes for all items of a list, so a place is looked up once and not per item. */
  readonly #places = new Map<readonly FieldNode[], AdmittedField>();
  /** What each allotment still has. */
  readonly #left = new Map<Allotment, Remainder>();
  readonly #prepaid: Map<string, number>;
  #waiting: Waiting[] = [];
  #extending: Promise<void> | null = null;
  #isClosed = false;

  constructor(private readonly terms: TabTerms) {
    this.#prepaid = new Map(terms.prepaid);
  }

  /** Admits one position and notes what it drew, or says what it lacks. */
  draw(info: GraphQLResolveInfo): Draw | Refusal | Promise<Draw | Refusal> {
    invariant(!this.#isClosed, 'a paid field resolved after its operation was settled');
    // A wrapper around the resolver may have called it before: one position is charged once.
    const before = this.#draws.at(info.path);
    if (before !== undefined) return before;
    const field = this.#placeOf(info);
    const { place, units } = field.quoted;
    invariant(place.paid !== null, 'a free field drew on a tab');
    if (this.#drawPrepaid(place.paid.coordinate, units)) return this.#note(field, info, PREPAID, true);
    const decision = this.#leftOf(field.allotment).draw(field.quoted);
    if (decision.outcome === 'refused') return this.#drawBeyond(field, info, decision.refusal);
    return this.#note(field, info, decision);
  }

  /** What one position of a field that resolves was quoted with. */
  unitsAt(info: GraphQLResolveInfo): number {
    return this.#placeOf(info).quoted.units;
  }

  /**
   * No position can draw any more: what was drawn is being settled, for what the response delivers. Positions that still
   * wait are in parts of the response that an error has made null: they get no answer, and nothing is held for them.
   */
  async close(schema: GraphQLSchema, response: Response): Promise<Delivery> {
    this.#isClosed = true;
    await this.#extending;
    return deliveryOf(schema, this.terms.admitted, this.#draws.all, response);
  }

  /** The allotment does not suffice: it was cut short by the means already, or the list is longer than quoted. */
  #drawBeyond(field: AdmittedField, info: GraphQLResolveInfo, refusal: Refusal): Refusal | Promise<Draw | Refusal> {
    if (field.refusal !== null) return field.refusal;
    if (this.terms.standing.means === null) return refusal;
    return this.#askForMore(field.quoted).then((decision) =>
      decision.outcome === 'refused' ? decision.refusal : this.#note(field, info, decision),
    );
  }

  #askForMore(field: QuotedField): Promise<Decision> {
    if (this.#waiting.length === 0) {
      setImmediate(() => {
        if (!this.#isClosed) this.#extending = this.#extend();
      });
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ field, resolve, reject });
    });
  }

  async #extend(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const decisions = await this.terms.extend(waiting.map(({ field }) => field));
      waiting.forEach(({ resolve }, index) => {
        const decision = decisions[index];
        invariant(decision !== undefined, 'an extension answered fewer positions than were asked');
        resolve(decision);
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  #drawPrepaid(coordinate: string, units: number): boolean {
    const left = this.#prepaid.get(coordinate);
    if (left === undefined || units === 0 || left < units) return false;
    this.#prepaid.set(coordinate, left - units);
    return true;
  }

  #note(field: AdmittedField, info: GraphQLResolveInfo, decision: Draw['decision'], isPrepaid = false): Draw {
    const before = this.#draws.at(info.path);
    if (before !== undefined) return before;
    const { place, units } = field.quoted;
    invariant(place.paid !== null, 'a free field drew on a tab');
    const draw = { path: info.path, paid: place.paid, decision, quotedUnits: units, isPrepaid, usedUnits: units };
    if (this.#draws.isEmpty) noteDraws(info, this.#draws);
    this.#draws.add(draw);
    return draw;
  }

  #leftOf(allotment: Allotment): Remainder {
    const known = this.#left.get(allotment);
    if (known !== undefined) return known;
    const { standing, openedAt } = this.terms;
    const left = new Remainder(standingOf(allotment, standing, openedAt), openedAt);
    this.#left.set(allotment, left);
    return left;
  }

  #placeOf(info: GraphQLResolveInfo): AdmittedField {
    const known = this.#places.get(info.fieldNodes);
    if (known !== undefined) return known;
    const place = this.#findPlace(info.path);
    invariant(place !== undefined, `${info.parentType.name}.${info.fieldName} resolves where it was not quoted`);
    this.#places.set(info.fieldNodes, place);
    return place;
  }

  /** Follows the path from the root, list indices aside. */
  #findPlace(path: Path): AdmittedField | undefined {
    const steps: Path[] = [];
    for (let step: Path | undefined = path; step !== undefined; step = step.prev) {
      if (typeof step.key === 'string') steps.unshift(step);
    }
    let selection: AdmittedSelection | undefined = this.terms.admitted;
    let place: AdmittedField | undefined;
    for (const { key, typename } of steps) {
      place = selection?.get(typename ?? '')?.get(String(key));
      selection = place?.beneath;
    }
    return place;
  }
}

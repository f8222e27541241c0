/**
 * What Tollgate must do with an operation, worked out the plain way: position by position, with numbers and lists. It
 * shares nothing with `src`. Two passes: the first admits place by place in document order, as many positions as can be
 * foreseen; the second resolves the fields one after the other, each drawing on what its place was given, and asks for
 * more where a list is longer. It does not foresee what comes of abstract types: there all means are taken to suffice.
 */
import type { FieldNode, SelectionSetNode } from 'graphql';
import { Failure, LIST_SIZE_DEFAULT, ROOT, toldBy } from './generatedWorld.js';
import type { Field, Thing, Value, World } from './generatedWorld.js';
import { isDelivered } from './deliveredIn.js';
import type { Position } from './deliveredIn.js';
import { beneath, OperationReader } from './operationReader.js';
import type { Nodes } from './operationReader.js';

export interface Feature {
  readonly feature: string;
  readonly limit: number | null;
  readonly whenExhausted: 'REFUSE' | 'CREDITS';
}

export interface Account {
  readonly credits: number;
  /** `null`: no subscription. */
  readonly plan: readonly Feature[] | null;
}

export interface Rules {
  readonly isReject: boolean;
  readonly maxPositions: number;
}

export interface Complaint {
  readonly path: readonly (string | number)[] | null;
  /** `null`: not a refusal. */
  readonly reason: string | null;
  readonly coordinate: string | null;
}

export type Prediction =
  | { readonly kind: 'TOO_LARGE' }
  | { readonly kind: 'BLOCKED'; readonly complaints: readonly Complaint[] }
  | {
      readonly kind: 'SERVED';
      readonly data: unknown;
      readonly complaints: readonly Complaint[];
      readonly charged: number;
      readonly credits: number;
      readonly used: Readonly<Record<string, number>>;
    };

export interface Question {
  readonly world: World;
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly account: Account;
  readonly rules: Rules;
}

/** `units` of the limit of `feature`, `null` where there is no limit, and credits. */
interface Admitted {
  readonly kind: 'ADMITTED';
  readonly feature: string | null;
  readonly units: number;
  readonly credits: number;
}

type Verdict = Admitted | { readonly kind: 'REFUSED'; readonly reason: string };

/** What is left: credits, and units of limited features. */
interface Purse {
  credits: number;
  readonly left: Map<string, number>;
}

interface Place {
  /** Where it stands in the document. */
  readonly order: number;
  /** What was set aside for its positions, in the order in which they may draw. */
  readonly admitted: Admitted[];
  refusal: string | null;
}

interface Drawn extends Position {
  readonly order: number;
  readonly units: number;
  readonly verdict: Admitted;
}

interface Waiting {
  readonly field: Field;
  readonly units: number;
  readonly order: number;
  /** Until nothing else is under way. */
  isPatient: boolean;
  readonly go: (verdict: Verdict) => void;
}

class Trouble extends Error {
  constructor(readonly complaint: Complaint) {
    super(complaint.reason ?? 'Failed');
  }
}

type Out = Record<string, unknown> | unknown[];

export const predict = (question: Question): Prediction => new Prophet(question).predict();

class Prophet {
  readonly #reader: OperationReader;
  readonly #places = new Map<string, Place>();
  readonly #purse: Purse;
  /** What there was before any position was decided. */
  readonly #opening: Purse;
  readonly #drawn: Drawn[] = [];
  /** All that was ever taken out of the purse. */
  readonly #held: Purse = { credits: 0, left: new Map() };
  readonly #refused: Complaint[] = [];
  readonly #complaints: Complaint[] = [];
  #waiting: Waiting[] = [];
  #positions = 0;
  #isFatal = false;

  constructor(private readonly question: Question) {
    this.#reader = new OperationReader(question.world, question.document, question.variables);
    const limited = (question.account.plan ?? []).filter(({ limit }) => limit !== null);
    const left = new Map(limited.map(({ feature, limit }) => [feature, limit ?? 0]));
    this.#purse = { credits: question.account.credits, left };
    this.#opening = { credits: question.account.credits, left: new Map(left) };
  }

  predict(): Prediction {
    const { root, sets } = this.#reader;
    this.#count(root, sets, 1, null);
    if (this.#positions > this.question.rules.maxPositions) return { kind: 'TOO_LARGE' };
    if (!this.question.world.traits.hasAbstract)
      this.#admit(root, sets, { parents: 1, sized: null, isFatal: true, at: '', path: [] });
    if (this.#isBlocked(root, sets)) return { kind: 'BLOCKED', complaints: this.#refused };
    return this.#serve(root, sets);
  }

  #isBlocked(root: string, sets: readonly SelectionSetNode[]): boolean {
    const fields = [...this.#reader.collect(root, sets).entries()].filter(([, [node]]) => !isMeta(node));
    const refused = fields.filter(([key]) => this.#places.get(`/${key}`)?.refusal != null).length;
    const isAllOrNothing = root === 'Mutation' || this.question.rules.isReject;
    return (refused > 0 && refused === fields.length) || this.#isFatal || (isAllOrNothing && this.#refused.length > 0);
  }

  // --- The first pass ----------------------------------------------------------------------------------------------

  /** How many positions of paid fields there can be, whoever pays for them. */
  #count(type: string, sets: readonly SelectionSetNode[], parents: number, sized: Sized | null): void {
    for (const nodes of this.#reader.collect(type, sets).values()) {
      const field = this.#reader.fieldOf(type, nodes);
      if (field === null) continue;
      if (field.price !== null) this.#positions += parents;
      if (field.of === 'Int') continue;
      const first = this.#reader.firstOf(field, nodes);
      const [of, ...others] = this.#reader.typesOf(field.of);
      if (of === undefined || others.length > 0) continue;
      const told = sized?.fields.includes(field.name) ? sized.told : toldBy(field, first);
      this.#count(of, beneath(nodes), parents * sizeOf(field, told), sizedBy(field, told));
    }
  }

  #admit(type: string, sets: readonly SelectionSetNode[], around: Around): void {
    for (const [key, nodes] of this.#reader.collect(type, sets)) {
      const field = this.#reader.fieldOf(type, nodes);
      if (field === null) continue;
      const at = `${around.at}/${key}`;
      const path = [...around.path, key];
      const place = this.#admitPlace(type, field, this.#unitsOf(field, nodes), { ...around, path, key: at });
      const positions = field.price === null ? around.parents : place.admitted.length;
      const [of, ...others] = this.#reader.typesOf(field.of);
      if (of === undefined || others.length > 0) continue;
      const told = around.sized?.fields.includes(field.name)
        ? around.sized.told
        : toldBy(field, this.#reader.firstOf(field, nodes));
      this.#admit(of, beneath(nodes), {
        parents: positions * sizeOf(field, told),
        sized: sizedBy(field, told),
        isFatal: around.isFatal && field.nonNull.every(Boolean),
        at,
        path: [...path, ...Array.from({ length: field.lists }, () => 0)],
      });
    }
  }

  #admitPlace(type: string, field: Field, units: number, around: Around & { readonly key: string }): Place {
    const place: Place = { order: this.#places.size, admitted: [], refusal: null };
    this.#places.set(around.key, place);
    while (field.price !== null && place.refusal === null && place.admitted.length < around.parents) {
      const verdict = this.#take(field, units, this.#purse);
      if (verdict.kind !== 'REFUSED') {
        place.admitted.push(verdict);
        hold(this.#held, verdict, 1);
        continue;
      }
      place.refusal = verdict.reason;
      this.#refused.push({ path: around.path, reason: verdict.reason, coordinate: `${type}.${field.name}` });
      this.#isFatal ||= around.isFatal && field.nonNull[0] === true;
    }
    return place;
  }

  /**
   * One position: by the plan as far as it covers it, the rest by credits; what it needs is taken out of the purse. One of
   * no units needs what the account had for one, and takes nothing.
   */
  #take(field: Field, units: number, purse: Purse): Verdict {
    if (units === 0) {
      const { credits, left } = this.#opening;
      const one = this.#takeSome(field, 1, { credits, left: new Map(left) });
      return one.kind === 'REFUSED' ? one : NOTHING;
    }
    return this.#takeSome(field, units, purse);
  }

  #takeSome(field: Field, units: number, purse: Purse): Verdict {
    const feature = field.price?.feature ?? null;
    const allowance = this.question.account.plan?.find((each) => each.feature === feature) ?? null;
    if (this.#isUnlimited(feature, allowance)) return NOTHING;
    const left = allowance === null ? 0 : (purse.left.get(allowance.feature) ?? 0);
    const covered = Math.min(units, left);
    const credits = covered === units ? 0 : restOf(field, units - covered, allowance);
    if (credits === null || credits > purse.credits)
      return { kind: 'REFUSED', reason: this.#reasonFor(allowance, priceOf(field, units)) };
    purse.credits -= credits;
    if (allowance !== null) purse.left.set(allowance.feature, left - covered);
    return { kind: 'ADMITTED', feature: allowance?.feature ?? null, units: covered, credits };
  }

  #isUnlimited(feature: string | null, allowance: Feature | null): boolean {
    return allowance === null ? this.question.account.plan !== null && feature === null : allowance.limit === null;
  }

  #reasonFor(allowance: Feature | null, credits: number | null): string {
    if (allowance !== null) return 'LIMIT_REACHED';
    if (credits !== null) return 'INSUFFICIENT_FUNDS';
    return this.question.account.plan === null ? 'SUBSCRIPTION_REQUIRED' : 'PLAN_UPGRADE_REQUIRED';
  }

  // --- The second pass ---------------------------------------------------------------------------------------------

  #serve(root: string, sets: readonly SelectionSetNode[]): Prediction {
    const data = this.#resolveRoot(root, sets);
    const delivered = this.#drawn.filter((each) =>
      isDelivered(this.#reader, each, valueAt(data, each.path), this.#complaints),
    );
    let charged = 0;
    const used: Record<string, number> = {};
    for (const { feature, units, credits } of this.#settled(delivered)) {
      charged += credits;
      if (feature !== null && units > 0) used[feature] = (used[feature] ?? 0) + units;
    }
    const credits = this.question.account.credits - charged;
    return { kind: 'SERVED', data, complaints: this.#complaints, charged, credits, used };
  }

  /** Decided once more in the order of the document on all that was set aside, where that is cheaper. */
  #settled(delivered: readonly Drawn[]): readonly Admitted[] {
    const before = delivered.map(({ verdict }) => verdict);
    if (this.question.world.traits.hasAbstract) return before;
    const purse = { credits: this.#held.credits, left: new Map(this.#held.left) };
    const after = delivered
      .toSorted((a, b) => a.order - b.order || compareIndices(a.path, b.path))
      .map(({ field, units }) => (units === 0 ? NOTHING : this.#takeSome(field, units, purse)));
    const admitted = after.flatMap((verdict) => (verdict.kind === 'ADMITTED' ? [verdict] : []));
    return admitted.length === before.length && costOf(admitted) < costOf(before) ? admitted : before;
  }

  #resolveRoot(root: string, sets: readonly SelectionSetNode[]): unknown {
    const out: Out = {};
    try {
      for (const [key, nodes] of this.#reader.collect(root, sets)) {
        this.#resolveField({ ...ROOT, type: root }, nodes, { out, key, path: [key] });
        // The fields of a mutation run one after the other, with all that is beneath them.
        if (root === 'Mutation') this.#drain();
      }
      this.#drain();
      return out;
    } catch (error) {
      this.#complain(error);
      return null;
    }
  }

  /** What waited is decided together, in order, and then goes on in order; the patient when nobody else waits. */
  #drain(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.filter(({ isPatient }) => !isPatient);
      if (batch.length > 0) {
        this.#waiting = this.#waiting.filter(({ isPatient }) => isPatient);
        this.#decide(batch, true);
      } else {
        const patient = this.#waiting.toSorted((a, b) => a.order - b.order);
        this.#waiting = [];
        this.#gatherUnused();
        this.#decide(patient, false);
      }
    }
  }

  #decide(batch: readonly Waiting[], mayWaitOn: boolean): void {
    const verdicts = batch.map(({ field, units }) => this.#take(field, units, this.#purse));
    for (const verdict of verdicts) if (verdict.kind === 'ADMITTED') hold(this.#held, verdict, 1);
    batch.forEach((each, index) => {
      const verdict = verdicts[index] ?? { kind: 'REFUSED', reason: 'NOBODY_KNOWS' };
      const isHopeful = verdict.kind === 'REFUSED' && this.#onUnused(each.field, each.units).kind === 'ADMITTED';
      if (mayWaitOn && isHopeful) this.#waiting.push({ ...each, isPatient: true });
      else each.go(verdict);
    });
  }

  /** What places were given and have not drawn comes back: nothing is under way that could draw it. */
  #gatherUnused(): void {
    for (const { admitted } of this.#places.values()) {
      for (const verdict of admitted.splice(0)) {
        hold(this.#purse, verdict, 1);
        hold(this.#held, verdict, -1);
      }
    }
  }

  /** Whether it could be admitted if no place needed what it has not drawn yet. */
  #onUnused(field: Field, units: number): Verdict {
    const purse = { credits: this.#purse.credits, left: new Map(this.#purse.left) };
    for (const { admitted } of this.#places.values()) for (const verdict of admitted) hold(purse, verdict, 1);
    return this.#take(field, units, purse);
  }

  #resolveObject(thing: Thing, sets: readonly SelectionSetNode[], path: readonly (string | number)[]): Out {
    const out: Out = {};
    for (const [key, nodes] of this.#reader.collect(thing.type, sets)) {
      this.#resolveField(thing, nodes, { out, key, path: [...path, key] });
    }
    return out;
  }

  #resolveField(thing: Thing, nodes: Nodes, slot: Slot): void {
    const field = this.#reader.fieldOf(thing.type, nodes);
    if (field === null) {
      put(slot, thing.type);
      return;
    }
    put(slot, null);
    if (field.price === null) {
      this.#fill(thing, field, nodes, slot);
      return;
    }
    const coordinate = `${thing.type}.${field.name}`;
    const units = this.#unitsOf(field, nodes);
    const order = this.#placeAt(slot.path)?.order ?? 0;
    const go = (verdict: Verdict): void => {
      if (verdict.kind === 'REFUSED') {
        this.#refuse(field, { path: slot.path, reason: verdict.reason, coordinate });
        return;
      }
      this.#drawn.push({ thing, field, nodes, path: slot.path, order, units, verdict });
      this.#fill(thing, field, nodes, slot);
    };
    const verdict = this.#verdictAt(slot.path, field, units);
    if (typeof verdict === 'object') go(verdict);
    else this.#waiting.push({ field, units, order, go, isPatient: verdict === 'PATIENT' });
  }

  #placeAt(path: readonly (string | number)[]): Place | undefined {
    return this.#places.get(path.flatMap((step) => (typeof step === 'string' ? [`/${step}`] : [])).join(''));
  }

  /** Its place may have no more: then the account is asked, or, where it was refused already, what others leave. */
  #verdictAt(path: readonly (string | number)[], field: Field, units: number): Verdict | 'ASK' | 'PATIENT' {
    if (this.question.world.traits.hasAbstract) return this.#take(field, units, this.#purse);
    const place = this.#placeAt(path);
    const admitted = place?.admitted.shift();
    if (admitted !== undefined) return admitted;
    // What needs nothing needs nobody to be asked.
    const free = this.#take(field, units, { credits: 0, left: new Map() });
    if (free.kind !== 'REFUSED' || units === 0) return free;
    if (place?.refusal == null) return 'ASK';
    const hoped = this.#onUnused(field, units);
    return hoped.kind === 'REFUSED' ? hoped : 'PATIENT';
  }

  #refuse(field: Field, complaint: Complaint): void {
    const trouble = new Trouble(complaint);
    if (field.nonNull[0] === true) throw trouble;
    this.#complain(trouble);
  }

  #fill(thing: Thing, field: Field, nodes: Nodes, slot: Slot): void {
    const value = this.question.world.valueOf(thing, field, this.#reader.firstOf(field, nodes));
    this.#complete(value, field, 0, beneath(nodes), slot);
  }

  /** Puts a value into its slot; null goes up to the next place where it may stand. */
  #complete(value: Value, field: Field, depth: number, sets: readonly SelectionSetNode[], slot: Slot): void {
    const isNonNull = field.nonNull[depth] === true;
    try {
      if (value instanceof Failure) throw new Trouble(failed(slot.path));
      if (value === null && isNonNull) throw new Trouble(failed(slot.path));
      if (isList(value)) {
        const out: unknown[] = [];
        put(slot, out);
        value.forEach((item, index) => {
          out[index] = null;
          this.#complete(item, field, depth + 1, sets, { out, key: index, path: [...slot.path, index] });
        });
      } else {
        put(slot, value === null || typeof value === 'number' ? value : this.#resolveObject(value, sets, slot.path));
      }
    } catch (error) {
      put(slot, null);
      if (isNonNull) throw error;
      this.#complain(error);
    }
  }

  #unitsOf(field: Field, nodes: Nodes): number {
    return field.price?.isMultiplied === true ? (this.#reader.firstOf(field, nodes) ?? 1) : 1;
  }

  #complain(error: unknown): void {
    if (!(error instanceof Trouble)) throw error;
    this.#complaints.push(error.complaint);
  }
}

/** Admitted, and nothing is taken for it. */
const NOTHING: Admitted = { kind: 'ADMITTED', feature: null, units: 0, credits: 0 };

/** Puts so much into a purse, or takes it out of it. */
const hold = (purse: Purse, { feature, units, credits }: Admitted, sign: 1 | -1): void => {
  purse.credits += sign * credits;
  if (feature !== null) purse.left.set(feature, (purse.left.get(feature) ?? 0) + sign * units);
};

const costOf = (verdicts: readonly Admitted[]): number => verdicts.reduce((sum, { credits }) => sum + credits, 0);

/** As the items of lists stand. */
const compareIndices = (a: readonly (string | number)[], b: readonly (string | number)[]): number => {
  const index = a.findIndex((key, at) => key !== b[at]);
  return Number(a[index]) - Number(b[index]);
};

/** What units beyond the limit cost; `null`: credits don't take over, or can't buy it. */
const restOf = (field: Field, units: number, allowance: Feature | null): number | null =>
  allowance?.whenExhausted === 'REFUSE' ? null : priceOf(field, units);

/** `null`: credits can't buy it. */
const priceOf = ({ price }: Field, units: number): number | null => (price?.cost == null ? null : price.cost * units);

interface Sized {
  readonly told: number | null;
  readonly fields: readonly string[];
}

interface Around {
  /** How many objects there can be. */
  readonly parents: number;
  readonly sized: Sized | null;
  /** Whether null goes from here all the way up. */
  readonly isFatal: boolean;
  readonly at: string;
  /** Where the first of them would be in the answer. */
  readonly path: readonly (string | number)[];
}

/** Where a value is to be put. */
interface Slot {
  readonly out: Out;
  readonly key: string | number;
  readonly path: readonly (string | number)[];
}

const put = ({ out, key }: Slot, value: unknown): void => {
  Object.assign(out, { [key]: value });
};

const failed = (path: readonly (string | number)[]): Complaint => ({ path, reason: null, coordinate: null });
const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
const isMeta = (node: FieldNode): boolean => node.name.value.startsWith('__');
const sizedBy = ({ listSize }: Field, told: number | null): Sized | null =>
  listSize === null ? null : { told, fields: listSize.sizedFields };
const sizeOf = ({ lists }: Field, told: number | null): number =>
  lists === 0 ? 1 : (told ?? LIST_SIZE_DEFAULT) * LIST_SIZE_DEFAULT ** (lists - 1);

const valueAt = (data: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), data);

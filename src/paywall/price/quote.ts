/**
 * What an operation asks for, priced: its places with the units of one position and how many objects lie beneath it, at
 * most as far as can be known before it runs. It decides nothing.
 */
import { getArgumentValues, GraphQLError } from 'graphql';
import { isRecord } from '../../domain/isRecord.js';
import type { Place, Places, PlaceSelection, PlaceType, Variables } from './places.js';
import { listDepthOf } from './listSize.js';
import type { PaidField } from './requirements.js';

export interface QuotedField {
  readonly place: Place;
  /** Units of one position; 0 for a free field. */
  readonly units: number;
  /** How many objects one position has beneath it. */
  readonly size: number;
  readonly beneath: QuotedSelection;
}

/** One entry for each object type that the value can have. */
export type QuotedSelection = readonly QuotedType[];

export interface QuotedType {
  readonly typeName: string;
  /** In document order. */
  readonly fields: readonly QuotedField[];
  /** Where a response key is among them. */
  readonly indexByKey: ReadonlyMap<string, number>;
}

export interface Quote {
  readonly root: QuotedType;
  /** How many root fields the response has, introspection aside. */
  readonly rootFieldCount: number;
}

/** A list whose length neither an argument nor `@listSize` tells. The tab is extended where it is longer. */
const LIST_SIZE_DEFAULT = 10;

/**
 * Prices the places of an operation for its coerced variables. Throws `GraphQLError` (`BAD_USER_INPUT`) where its
 * arguments give no sound price, or where it has more positions of paid fields than `maxPositions`.
 */
export const quoteOperation = ({ root, rootFieldCount }: Places, variables: Variables, maxPositions: number): Quote => {
  const pricing = new Pricing(variables, maxPositions);
  return { root: pricing.quoteType(root, 1, NOT_SIZED), rootFieldCount };
};

/** Whether the price is the same whatever the variables are. */
export const isConstantPrice = ({ root }: Places): boolean => isConstantType(root);

const isConstantType = ({ places }: PlaceType): boolean =>
  places.every((place) => place.isConstant && place.beneath.every(isConstantType));

const tooLarge = (maxPositions: number): GraphQLError =>
  new GraphQLError(`The operation asks for more than ${maxPositions} priced fields. Ask for less at a time.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });

export const tooManyPlaces = (maxPlaces: number): GraphQLError =>
  new GraphQLError(
    `The operation selects more than ${maxPlaces} fields that are priced or lead to priced ones. Ask for less at a time.`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  );

/** Fields of a connection whose length its own field tells (`sizedFields`). */
interface Sized {
  readonly told: number | null;
  readonly fields: readonly string[];
}

const NOT_SIZED: Sized = { told: null, fields: [] };

class Pricing {
  /** Positions of paid fields that the response can have. */
  #positions = 0;

  constructor(
    private readonly variables: Variables,
    private readonly maxPositions: number,
  ) {}

  quoteType({ typeName, places }: PlaceType, parents: number, sized: Sized): QuotedType {
    const fields = places.flatMap((place) => this.#quotePlace(place, parents, sized) ?? []);
    return { typeName, fields, indexByKey: new Map(fields.map(({ place }, index) => [place.responseKey, index])) };
  }

  #quotePlace(place: Place, parents: number, sized: Sized): QuotedField | null {
    const { field, paid, listSize } = place;
    const args = this.#argumentsOf(place);
    if (args === null) return null;
    if (paid !== null) this.#count(parents);
    const units = paid === null ? 0 : unitsOf(paid, args, place);
    const told = sized.fields.includes(field.name) ? sized.told : sizeTold(place, args);
    const depth = listDepthOf(field.type);
    // Of lists within lists only the outermost's length is told.
    const size = depth === 0 ? 1 : (told ?? LIST_SIZE_DEFAULT) * LIST_SIZE_DEFAULT ** (depth - 1);
    const beneath = this.#quoteBeneath(place.beneath, parents * size, { told, fields: listSize?.sizedFields ?? [] });
    return { place, units, size, beneath };
  }

  /** The positions beneath an abstract type are those of the type that has the most. */
  #quoteBeneath(selection: PlaceSelection, parents: number, sized: Sized): QuotedSelection {
    const positionsBefore = this.#positions;
    let positionsMost = positionsBefore;
    const quoted = selection.map((type) => {
      this.#positions = positionsBefore;
      const fields = this.quoteType(type, parents, sized);
      positionsMost = Math.max(positionsMost, this.#positions);
      return fields;
    });
    this.#positions = positionsMost;
    return quoted;
  }

  #count(positions: number): void {
    this.#positions += positions;
    if (this.#positions > this.maxPositions) throw tooLarge(this.maxPositions);
  }

  /** `null` where the executor will find the arguments wrong: the field fails then, and its resolver does not run. */
  #argumentsOf({ field, nodes }: Place): Variables | null {
    const [node] = nodes;
    if (node === undefined) return null;
    if (field.args.length === 0) return {};
    try {
      return getArgumentValues(field, node, this.variables);
    } catch {
      return null;
    }
  }
}

/** The length of a list as its arguments or `@listSize` tell it; several slicing arguments: the longest. */
const sizeTold = (place: Place, args: Variables): number | null => {
  const { listSize } = place;
  if (listSize === null) return null;
  if (listSize.requireOneSlicingArgument) checkSlicing(place, listSize.slicingArguments, args);
  const given = listSize.slicingArguments.map((name) => args[name]).filter((value) => typeof value === 'number');
  return given.length > 0 ? Math.max(0, ...given) : listSize.assumedSize;
};

/** Exactly one is given; where none is, exactly one has a default. */
const checkSlicing = ({ coordinate, nodes }: Place, names: readonly string[], args: Variables): void => {
  const inDocument = new Set(nodes[0]?.arguments?.map(({ name }) => name.value));
  const valued = names.filter((name) => args[name] != null);
  const given = valued.filter((name) => inDocument.has(name));
  if ((given.length > 0 ? given : valued).length === 1) return;
  throw new GraphQLError(`${coordinate} takes exactly one of the arguments ${names.join(', ')}.`, {
    nodes: [...nodes],
    extensions: { code: 'BAD_USER_INPUT', coordinate },
  });
};

const unitsOf = (paid: PaidField, args: Variables, place: Place): number => {
  let units = 1;
  for (const path of paid.multipliers) {
    const factor = factorAt(args, path);
    units *= factor ?? Number.NaN;
    if (!Number.isSafeInteger(units)) throw unsoundMultiplier(paid, path, place);
  }
  return units;
};

/** The number at a path of the arguments; of lists on the way the sum. `null` where it is no number that can multiply. */
const factorAt = (value: unknown, path: readonly string[]): number | null => {
  if (Array.isArray(value)) {
    return value.reduce<number | null>((sum, each) => {
      const factor = factorAt(each, path);
      return sum === null || factor === null ? null : sum + factor;
    }, 0);
  }
  const [name, ...rest] = path;
  if (name === undefined) return typeof value === 'number' && value >= 0 ? value : null;
  return isRecord(value) ? factorAt(value[name], rest) : null;
};

const unsoundMultiplier = ({ coordinate }: PaidField, path: readonly string[], { nodes }: Place): GraphQLError => {
  const argument = path.join('.');
  return new GraphQLError(
    `The argument "${argument}" of ${coordinate} multiplies its price: give a whole number from 0, and not so large that the price can't be expressed.`,
    { nodes: [...nodes], extensions: { code: 'BAD_USER_INPUT', argument, coordinate } },
  );
};

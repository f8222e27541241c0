/**
 * What an operation asks for, priced: the paid fields that it selects, in document order, with their units and how
 * often each can resolve. It follows the executor's own field collection (GraphQL specification, "CollectFields"), so
 * that what merges, is skipped, or belongs to another type there does so here. It decides nothing.
 */
import {
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getArgumentValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  typeFromAST,
} from 'graphql';
import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import { coordinateOf, listDepthOf } from './requirements.js';
import type { ListSize, PaidField, Requirements } from './requirements.js';

/** A field of the operation that is paid or has paid fields beneath it. */
export interface QuotedField {
  readonly responseKey: string;
  readonly coordinate: string;
  readonly nodes: readonly FieldNode[];
  /** `null`: free itself, with paid fields beneath it. */
  readonly paid: PaidField | null;
  /** Units of one position; 0 for a free field. */
  readonly units: number;
  /** How many objects one position has beneath it, at most as far as can be known before it runs. */
  readonly size: number;
  /** Whether a null here makes its parent null. */
  readonly isNonNull: boolean;
  /** Whether a null object within its lists makes the field null; true for a field that is no list. */
  readonly isItemNonNull: boolean;
  readonly beneath: QuotedSelection;
}

/** One entry for each object type that the value can have; the order of types means nothing. */
export type QuotedSelection = readonly QuotedType[];

export interface QuotedType {
  readonly typeName: string;
  /** In document order. */
  readonly fields: readonly QuotedField[];
}

export interface Quote {
  readonly root: QuotedType;
  /** How many root fields the response has, introspection aside. */
  readonly rootFieldCount: number;
}

/** What is needed of a schema to quote its operations. */
export interface PricedSchema {
  readonly schema: GraphQLSchema;
  readonly requirements: Requirements;
  /** Types at or beneath which a paid field can be selected. */
  readonly abovePaid: ReadonlySet<string>;
}

export interface QuoteRequest {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Beyond so many positions of paid fields the operation is not quoted but refused as too large. */
  readonly maxPositions: number;
}

/** A list whose length neither an argument nor `@listSize` tells. The tab is extended where it is longer. */
const LIST_SIZE_DEFAULT = 10;

/** Prices an operation. Throws `GraphQLError` (`BAD_USER_INPUT`) where its arguments give no sound price. */
export const quoteOperation = (priced: PricedSchema, request: QuoteRequest): Quote => {
  const rootType = priced.schema.getRootType(request.operation.operation);
  if (rootType === undefined || rootType === null) throw new GraphQLError('The schema has no such operation.');
  const walk = new QuoteWalk(priced, request);
  const collected = walk.collect(rootType, [request.operation.selectionSet]);
  const isIntrospection = (key: string) => collected.get(key)?.[0]?.name.value.startsWith('__') ?? false;
  return {
    root: { typeName: rootType.name, fields: walk.quoteFields(rootType, collected, 1, { told: null, fields: [] }) },
    rootFieldCount: [...collected.keys()].filter((key) => !isIntrospection(key)).length,
  };
};

/** Whether an operation selects a paid field at all, whatever its variables: a walk over the document, done once. */
export const selectsPaidField = (
  priced: PricedSchema,
  operation: OperationDefinitionNode,
  fragments: QuoteRequest['fragments'],
): boolean => {
  const seen = new Set<SelectionSetNode>();
  const isPaidOn = (type: GraphQLCompositeType, name: string): boolean => {
    const types = isAbstractType(type) ? priced.schema.getPossibleTypes(type) : [type];
    return types.some((each) => priced.requirements.paid.has(coordinateOf(each.name, name)));
  };
  const visit = (type: GraphQLCompositeType | undefined | null, set: SelectionSetNode): boolean => {
    // A set is the same whichever way it is reached: a type narrower than its fragment's can only select less.
    if (type === undefined || type === null || seen.has(set) || !priced.abovePaid.has(type.name)) return false;
    seen.add(set);
    return set.selections.some((selection) => visitSelection(type, selection));
  };
  const visitSelection = (type: GraphQLCompositeType, selection: SelectionNode): boolean => {
    if (selection.kind === Kind.FIELD) {
      if (isPaidOn(type, selection.name.value)) return true;
      const field = 'getFields' in type ? type.getFields()[selection.name.value] : undefined;
      return (
        field !== undefined && selection.selectionSet !== undefined && visit(compositeOf(field), selection.selectionSet)
      );
    }
    const definition = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    if (definition === undefined) return false;
    const condition = definition.typeCondition && typeFromAST(priced.schema, definition.typeCondition);
    return visit(condition === undefined ? type : asComposite(condition), definition.selectionSet);
  };
  return visit(priced.schema.getRootType(operation.operation), operation.selectionSet);
};

type Collected = ReadonlyMap<string, readonly FieldNode[]>;
type Field = GraphQLField<unknown, unknown>;

/** Where a field stands: under which type and key, selected by which nodes, of how many objects. */
interface Place {
  readonly type: GraphQLObjectType;
  readonly field: Field;
  readonly responseKey: string;
  readonly nodes: readonly FieldNode[];
  readonly parents: number;
}

/** Fields of a connection whose length its own field tells (`sizedFields`). */
interface Sized {
  readonly told: number | null;
  readonly fields: readonly string[];
}

class QuoteWalk {
  /** Places of the document that were looked at, so that no document makes unbounded work. */
  #places = 0;
  /** Positions of paid fields that the response can have. */
  #positions = 0;

  constructor(
    private readonly priced: PricedSchema,
    private readonly request: QuoteRequest,
  ) {}

  /** CollectFields: the selected fields by response key, merged, in document order. */
  collect(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Collected {
    const fields = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    const visit = (set: SelectionSetNode): void => {
      for (const selection of set.selections) {
        if (!this.#isIncluded(selection)) continue;
        if (selection.kind === Kind.FIELD) {
          const key = selection.alias?.value ?? selection.name.value;
          const nodes = fields.get(key);
          if (nodes === undefined) fields.set(key, [selection]);
          else nodes.push(selection);
          continue;
        }
        const fragment = this.#fragmentOf(selection, visited);
        if (fragment !== null && this.#applies(fragment.typeCondition, type)) visit(fragment.selectionSet);
      }
    };
    for (const set of sets) visit(set);
    return fields;
  }

  /** The fields of this type that are paid or lead to paid ones, for so many objects of the type. */
  quoteFields(type: GraphQLObjectType, collected: Collected, parents: number, sized: Sized): readonly QuotedField[] {
    const quoted: QuotedField[] = [];
    for (const [responseKey, nodes] of collected) {
      const field = type.getFields()[nodes[0]?.name.value ?? ''];
      if (field === undefined) continue;
      const told = sized.fields.includes(field.name) ? sized.told : null;
      const one = this.#quoteField({ type, field, responseKey, nodes, parents }, told);
      if (one !== null) quoted.push(one);
    }
    return quoted;
  }

  #quoteField(place: Place, toldByParent: number | null): QuotedField | null {
    const { field, responseKey, nodes, parents } = place;
    const coordinate = coordinateOf(place.type.name, field.name);
    const paid = this.priced.requirements.paid.get(coordinate) ?? null;
    const beneathType = compositeOf(field);
    const isAbovePaid = beneathType !== null && this.priced.abovePaid.has(beneathType.name);
    if (paid === null && !isAbovePaid) return null;
    const args = this.#argumentsOf(field, nodes);
    if (args === null) return null;
    this.#count(paid === null ? 0 : parents);
    const listSize = this.priced.requirements.listSizes.get(coordinate);
    const told = toldByParent ?? sizeTold(listSize, args);
    const size = sizeOf(field, told);
    const sized = { told, fields: listSize?.sizedFields ?? [] };
    const beneath = isAbovePaid ? this.#quoteBeneath(beneathType, nodes, parents * size, sized) : [];
    if (paid === null && beneath.length === 0) return null;
    return {
      responseKey,
      coordinate,
      nodes,
      paid,
      units: paid === null ? 0 : unitsOf(paid, args, nodes),
      size,
      isNonNull: isNonNullType(field.type),
      isItemNonNull: isItemNonNull(field.type),
      beneath,
    };
  }

  /** Of an abstract type every possible type is quoted; the positions are those of the type that has the most. */
  #quoteBeneath(
    type: GraphQLCompositeType,
    nodes: readonly FieldNode[],
    parents: number,
    sized: Sized,
  ): QuotedSelection {
    const sets = nodes.flatMap((node) => (node.selectionSet === undefined ? [] : [node.selectionSet]));
    const types = isAbstractType(type) ? this.priced.schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
    const positionsBefore = this.#positions;
    let positionsMost = positionsBefore;
    const beneath: QuotedType[] = [];
    for (const each of types) {
      if (!this.priced.abovePaid.has(each.name)) continue;
      this.#positions = positionsBefore;
      const fields = this.quoteFields(each, this.collect(each, sets), parents, sized);
      if (fields.length > 0) beneath.push({ typeName: each.name, fields });
      positionsMost = Math.max(positionsMost, this.#positions);
    }
    this.#positions = positionsMost;
    return beneath;
  }

  #count(positions: number): void {
    this.#places += 1;
    this.#positions += positions;
    const { maxPositions } = this.request;
    if (this.#places > maxPositions || this.#positions > maxPositions) throw tooLarge(maxPositions);
  }

  /** `null` where the executor will find the arguments wrong: the field fails then, and its resolver does not run. */
  #argumentsOf(field: Field, nodes: readonly FieldNode[]): Readonly<Record<string, unknown>> | null {
    const [node] = nodes;
    if (node === undefined) return null;
    try {
      return getArgumentValues(field, node, this.request.variables);
    } catch {
      return null;
    }
  }

  #isIncluded(selection: SelectionNode): boolean {
    const { variables } = this.request;
    if (selection.directives === undefined || selection.directives.length === 0) return true;
    if (getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false;
  }

  #fragmentOf(
    selection: Exclude<SelectionNode, FieldNode>,
    visited: Set<string>,
  ):
    | (Pick<FragmentDefinitionNode, 'selectionSet'> & {
        typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined;
      })
    | null {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection;
    if (visited.has(selection.name.value)) return null;
    visited.add(selection.name.value);
    return this.request.fragments.get(selection.name.value) ?? null;
  }

  #applies(condition: FragmentDefinitionNode['typeCondition'] | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined) return true;
    const conditional = typeFromAST(this.priced.schema, condition);
    if (conditional === type) return true;
    return isAbstractType(conditional) && this.priced.schema.isSubType(conditional, type);
  }
}

const compositeOf = (field: Field): GraphQLCompositeType | null => asComposite(getNamedType(field.type));

const asComposite = (type: unknown): GraphQLCompositeType | null =>
  isObjectType(type) || isAbstractType(type) ? type : null;

/** The length of a list as its arguments or `@listSize` tell it; several slicing arguments: the longest. */
const sizeTold = (listSize: ListSize | undefined, args: Readonly<Record<string, unknown>>): number | null => {
  const given = (listSize?.slicingArguments ?? [])
    .map((name) => args[name])
    .filter((value) => typeof value === 'number');
  if (given.length > 0) return Math.max(0, ...given);
  return listSize?.assumedSize ?? null;
};

/** Objects beneath one position: 1 for a single object, the told length for a list, the default for lists inside it. */
const sizeOf = (field: Field, told: number | null): number => {
  const depth = listDepthOf(field.type);
  if (depth === 0) return 1;
  return (told ?? LIST_SIZE_DEFAULT) * LIST_SIZE_DEFAULT ** (depth - 1);
};

/** Whether a null object inside a list makes the whole list null, however deep lists are nested. */
const isItemNonNull = (type: GraphQLOutputType): boolean => {
  const nullable = getNullableType(type);
  if (!isListType(nullable)) return true;
  return isNonNullType(nullable.ofType) && isItemNonNull(nullable.ofType);
};

const unitsOf = (paid: PaidField, args: Readonly<Record<string, unknown>>, nodes: readonly FieldNode[]): number => {
  let units = 1;
  for (const path of paid.multipliers) {
    const value = path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), args);
    const isSound = typeof value === 'number' && value >= 0;
    units = isSound ? units * value : Number.NaN;
    if (!Number.isSafeInteger(units)) throw unsoundMultiplier(paid, path, value, nodes);
  }
  return units;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const unsoundMultiplier = (
  paid: PaidField,
  path: readonly string[],
  value: unknown,
  nodes: readonly FieldNode[],
): GraphQLError => {
  const argument = path.join('.');
  const given = JSON.stringify(value ?? null);
  return new GraphQLError(
    `The argument "${argument}" of ${paid.coordinate} multiplies its price and must be a whole number from 0, of a sensible size; ${given} is not.`,
    { nodes: [...nodes], extensions: { code: 'BAD_USER_INPUT', argument, coordinate: paid.coordinate } },
  );
};

const tooLarge = (maxPositions: number): GraphQLError =>
  new GraphQLError(`The operation asks for more than ${maxPositions} priced fields. Ask for less at a time.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });

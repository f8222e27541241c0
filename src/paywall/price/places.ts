/**
 * The places of an operation that are paid or lead to paid ones, by type and response key, in document order. It
 * follows the executor's own field collection (GraphQL specification, "CollectFields"), so that what merges, is
 * skipped, or belongs to another type there does so here. Of the variables it needs those of `@skip` and `@include`
 * alone, so it is worked out once per document.
 */
import {
  getDirectiveValues,
  getNamedType,
  getNullableType,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  typeFromAST,
  visit,
} from 'graphql';
import type {
  ASTNode,
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
import { coordinateOf } from './requirements.js';
import type { ListSize } from './listSize.js';
import type { PaidField, Requirements } from './requirements.js';

/** What is needed of a schema to quote its operations. */
export interface PricedSchema {
  readonly schema: GraphQLSchema;
  readonly requirements: Requirements;
  /** Types at or beneath which a paid field can be selected. */
  readonly abovePaid: ReadonlySet<string>;
}

/** A field of the operation that is paid or has paid fields beneath it. */
export interface Place {
  readonly responseKey: string;
  readonly coordinate: string;
  readonly field: GraphQLField<unknown, unknown>;
  readonly nodes: readonly FieldNode[];
  /** `null`: free itself, with paid fields beneath it. */
  readonly paid: PaidField | null;
  readonly listSize: ListSize | null;
  /** Whether a null here makes its parent null. */
  readonly isNonNull: boolean;
  /** Whether a null object within its lists makes the field null; true for a field that is no list. */
  readonly isItemNonNull: boolean;
  /** Whether its arguments are the same whatever the variables are. */
  readonly isConstant: boolean;
  readonly beneath: PlaceSelection;
}

/** One entry for each object type that the value can have; the order of types means nothing. */
export type PlaceSelection = readonly PlaceType[];

export interface PlaceType {
  readonly typeName: string;
  /** In document order. */
  readonly places: readonly Place[];
}

export interface Places {
  readonly root: PlaceType;
  /** How many root fields the response has, introspection aside. */
  readonly rootFieldCount: number;
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;
export type Variables = Readonly<Record<string, unknown>>;

export interface PlacesRequest {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Fragments;
  /** Coerced; those that `conditionVariables` names. */
  readonly conditions: Variables;
  /** Beyond so many places the operation is too large. */
  readonly maxPlaces: number;
}

/** `null` where there are more places than `maxPlaces`. */
export const placesOf = (priced: PricedSchema, request: PlacesRequest): Places | null => {
  const type = priced.schema.getRootType(request.operation.operation);
  if (type == null) return { root: { typeName: '', places: [] }, rootFieldCount: 0 };
  const walk = new PlaceWalk(priced, request);
  const collected = walk.collect(type, [request.operation.selectionSet]) ?? NOTHING_COLLECTED;
  const isIntrospection = ([node]: readonly FieldNode[]) => node?.name.value.startsWith('__') ?? false;
  const root = { typeName: type.name, places: walk.placesOn(type, collected) };
  if (walk.isTooLarge) return null;
  return { root, rootFieldCount: [...collected.values()].filter((nodes) => !isIntrospection(nodes)).length };
};

/** The variables that decide what is skipped or included: names without `$`. */
export const conditionVariables = (operation: OperationDefinitionNode, fragments: Fragments): readonly string[] => {
  const names = new Set<string>();
  const collect = (node: ASTNode) =>
    visit(node, {
      Directive: ({ name, arguments: args = [] }) => {
        if (name.value !== 'skip' && name.value !== 'include') return;
        for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      },
    });
  for (const node of [operation, ...fragments.values()]) collect(node);
  return [...names];
};

type Collected = ReadonlyMap<string, readonly FieldNode[]>;

const NOTHING_COLLECTED: Collected = new Map();

class PlaceWalk {
  isTooLarge = false;
  #count = 0;

  constructor(
    private readonly priced: PricedSchema,
    private readonly request: PlacesRequest,
  ) {}

  /**
   * CollectFields: the selected fields by response key, merged, in document order. `null` where a condition is null:
   * there the executor fails, and what it would have selected does not resolve.
   */
  collect(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Collected | null {
    try {
      return this.#collect(type, sets);
    } catch (error) {
      if (error instanceof GraphQLError) return null;
      throw error;
    }
  }

  #collect(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Collected {
    const fields = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    const visitSet = (set: SelectionSetNode): void => {
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
        if (fragment !== null && this.#applies(fragment.typeCondition, type)) visitSet(fragment.selectionSet);
      }
    };
    for (const set of sets) visitSet(set);
    return fields;
  }

  placesOn(type: GraphQLObjectType, collected: Collected): readonly Place[] {
    const places: Place[] = [];
    for (const [responseKey, nodes] of collected) {
      const field = type.getFields()[nodes[0]?.name.value ?? ''];
      const place = field === undefined ? null : this.#placeOf(type, field, responseKey, nodes);
      if (place !== null) places.push(place);
    }
    return places;
  }

  #placeOf(
    type: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    responseKey: string,
    nodes: readonly FieldNode[],
  ): Place | null {
    const { requirements, abovePaid } = this.priced;
    const coordinate = coordinateOf(type.name, field.name);
    const paid = requirements.paid.get(coordinate) ?? null;
    const valueType = getNamedType(field.type);
    const isAbovePaid = (isObjectType(valueType) || isAbstractType(valueType)) && abovePaid.has(valueType.name);
    if (paid === null && !isAbovePaid) return null;
    this.#count += 1;
    this.isTooLarge ||= this.#count > this.request.maxPlaces;
    const beneath = isAbovePaid && !this.isTooLarge ? this.#beneath(valueType, nodes) : [];
    if (paid === null && beneath.length === 0) return null;
    return {
      responseKey,
      coordinate,
      field,
      nodes,
      paid,
      listSize: requirements.listSizes.get(coordinate) ?? null,
      isNonNull: isNonNullType(field.type),
      isItemNonNull: isItemNonNull(field.type),
      isConstant: !(nodes[0]?.arguments ?? []).some((argument) => usesVariables(argument)),
      beneath,
    };
  }

  /** Of an abstract type every possible type is walked: which of them comes true is known only when it runs. */
  #beneath(type: GraphQLCompositeType, nodes: readonly FieldNode[]): PlaceSelection {
    const sets = nodes.flatMap((node) => (node.selectionSet === undefined ? [] : [node.selectionSet]));
    const types = isAbstractType(type) ? this.priced.schema.getPossibleTypes(type) : [type];
    return types
      .filter((each): each is GraphQLObjectType => this.priced.abovePaid.has(each.name) && isObjectType(each))
      .map((each) => ({
        typeName: each.name,
        places: this.placesOn(each, this.collect(each, sets) ?? NOTHING_COLLECTED),
      }))
      .filter(({ places }) => places.length > 0);
  }

  #isIncluded(selection: SelectionNode): boolean {
    const { conditions } = this.request;
    if (selection.directives === undefined || selection.directives.length === 0) return true;
    if (getDirectiveValues(GraphQLSkipDirective, selection, conditions)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, conditions)?.['if'] !== false;
  }

  #fragmentOf(selection: Exclude<SelectionNode, FieldNode>, visited: Set<string>): Fragment | null {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection;
    if (visited.has(selection.name.value)) return null;
    visited.add(selection.name.value);
    return this.request.fragments.get(selection.name.value) ?? null;
  }

  #applies(condition: Fragment['typeCondition'], type: GraphQLObjectType): boolean {
    if (condition === undefined) return true;
    const conditional = typeFromAST(this.priced.schema, condition);
    if (conditional === type) return true;
    return isAbstractType(conditional) && this.priced.schema.isSubType(conditional, type);
  }
}

interface Fragment {
  readonly typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined;
  readonly selectionSet: SelectionSetNode;
}

const isItemNonNull = (type: GraphQLOutputType): boolean => {
  const nullable = getNullableType(type);
  if (!isListType(nullable)) return true;
  return isNonNullType(nullable.ofType) && isItemNonNull(nullable.ofType);
};

const usesVariables = (node: ASTNode): boolean => {
  let found = false;
  visit(node, {
    Variable: () => {
      found = true;
    },
  });
  return found;
};

/** Reads a made-up operation as the GraphQL specification says it is to be read ("CollectFields"), for its own variables. */
import { Kind, OperationTypeNode, parse } from 'graphql';
import type { FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';
import type { Field, Thing, Value, World } from './generatedWorld.js';

export type Nodes = readonly [FieldNode, ...FieldNode[]];

export class OperationReader {
  readonly #operation: OperationDefinitionNode;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #variables: Record<string, unknown>;

  constructor(
    private readonly world: World,
    document: string,
    variables: Readonly<Record<string, unknown>>,
  ) {
    const { definitions } = parse(document);
    const [operation] = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    if (operation === undefined) throw new Error('The document has no operation.');
    this.#operation = operation;
    for (const each of definitions)
      if (each.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(each.name.value, each);
    this.#variables = { ...variables };
    for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
      if (variable.name.value in this.#variables || defaultValue === undefined) continue;
      this.#variables[variable.name.value] = this.#valueOf(defaultValue);
    }
  }

  get root(): 'Query' | 'Mutation' {
    return this.#operation.operation === OperationTypeNode.MUTATION ? 'Mutation' : 'Query';
  }

  get sets(): readonly SelectionSetNode[] {
    return [this.#operation.selectionSet];
  }

  /** The selected fields by response key, merged, in document order. */
  collect(type: string, sets: readonly SelectionSetNode[]): ReadonlyMap<string, Nodes> {
    const found = new Map<string, [FieldNode, ...FieldNode[]]>();
    const seen = new Set<string>();
    const visit = (set: SelectionSetNode): void => {
      for (const node of set.selections.filter((each) => this.#isIn(each))) {
        if (node.kind === Kind.FIELD) {
          const key = node.alias?.value ?? node.name.value;
          const known = found.get(key);
          if (known === undefined) found.set(key, [node]);
          else known.push(node);
        } else {
          const isAgain = node.kind === Kind.FRAGMENT_SPREAD && seen.has(node.name.value);
          if (node.kind === Kind.FRAGMENT_SPREAD) seen.add(node.name.value);
          const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(node.name.value) : node;
          if (fragment !== undefined && !isAgain && this.#isOf(type, fragment.typeCondition?.name.value))
            visit(fragment.selectionSet);
        }
      }
    };
    sets.forEach(visit);
    return found;
  }

  /** `null` for `__typename`. */
  fieldOf(type: string, [node]: Nodes): Field | null {
    return this.world.objects.get(type)?.find(({ name }) => name === node.name.value) ?? null;
  }

  /** The value of the argument `first`; `null` for a field without it. */
  firstOf({ first }: Field, [node]: Nodes): number | null {
    if (first === null) return null;
    const given = node.arguments?.[0];
    return given === undefined ? first : Number(this.#valueOf(given.value));
  }

  /** What the data have at a field. */
  valueOf(thing: Thing, field: Field, nodes: Nodes): Value {
    return this.world.valueOf(thing, field, this.firstOf(field, nodes));
  }

  /** The object types that a value can have; none for a number. */
  typesOf(name: string): readonly string[] {
    return name === 'Int' ? [] : (this.world.abstract.get(name) ?? [name]);
  }

  #isIn({ directives = [] }: SelectionSetNode['selections'][number]): boolean {
    return directives.every(({ name, arguments: [condition] = [] }) => {
      return condition !== undefined && this.#valueOf(condition.value) === (name.value === 'include');
    });
  }

  #isOf(type: string, condition = type): boolean {
    return condition === type || (this.world.abstract.get(condition)?.includes(type) ?? false);
  }

  #valueOf(node: ValueNode): unknown {
    if (node.kind === Kind.VARIABLE) return this.#variables[node.name.value];
    if (node.kind === Kind.INT) return Number(node.value);
    if (node.kind === Kind.BOOLEAN) return node.value;
    throw new Error(`A made-up operation has no ${node.kind}.`);
  }
}

/** What is selected beneath a field, all its nodes together. */
export const beneath = (nodes: Nodes): readonly SelectionSetNode[] =>
  nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));

/**
 * Whether something came at a paid position: at least one leaf that is not null.
 * `__typename` is known without looking anything up, so it counts only where nothing else was asked for.
 */
import { getNamedType, getNullableType, isCompositeType, isListType, isUnionType, Kind } from 'graphql';
import type { FieldNode, GraphQLCompositeType, GraphQLOutputType, SelectionSetNode } from 'graphql';
import type { Selected } from '../gate/draw.js';

/** How the value at a response key is to be read. */
interface Shape {
  /** `null`: of `__typename`. */
  readonly type: GraphQLOutputType | null;
  readonly nodes: FieldNode[];
}

/**
 * The positions of one place share a selection, which is read once and only where a value needs it: a place belongs to a
 * compiled operation, and is the same however often that runs.
 */
export class DeliveredValue {
  static readonly #ofPlaces = new WeakMap<object, DeliveredValue>();

  /** `selected`: as any execution has it. */
  static at(place: object, { schema, fragments, fieldNodes, returnType }: Selected): DeliveredValue {
    const known = DeliveredValue.#ofPlaces.get(place);
    if (known !== undefined) return known;
    // No more of the execution than that is kept.
    const made = new DeliveredValue({ schema, fragments, fieldNodes, returnType });
    DeliveredValue.#ofPlaces.set(place, made);
    return made;
  }

  readonly #beneath = new Map<readonly FieldNode[], ReadonlyMap<string, Shape>>();

  constructor(private readonly selected: Selected) {}

  /** Whether something came in this value of the place. */
  isIn(value: unknown): boolean {
    return this.#hasLeaf(value, this.selected.returnType, this.selected.fieldNodes);
  }

  #hasLeaf(value: unknown, type: GraphQLOutputType, nodes: readonly FieldNode[]): boolean {
    if (value === null || value === undefined) return false;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      return Array.isArray(value) && value.some((item) => this.#hasLeaf(item, nullable.ofType, nodes));
    }
    const named = getNamedType(type);
    return isCompositeType(named) ? this.#objectHasLeaf(value, named, nodes) : true;
  }

  #objectHasLeaf(object: object, type: GraphQLCompositeType, nodes: readonly FieldNode[]): boolean {
    const shapes = this.#shapesOf(type, nodes);
    let [isNamed, isAlone] = [false, true];
    for (const [key, value] of Object.entries(object)) {
      const shape = shapes.get(key);
      if (shape === undefined) continue;
      if (shape.type === null) isNamed ||= value !== null;
      else if (this.#hasLeaf(value, shape.type, shape.nodes)) return true;
      else isAlone = false;
    }
    return isNamed && isAlone;
  }

  #shapesOf(type: GraphQLCompositeType, nodes: readonly FieldNode[]): ReadonlyMap<string, Shape> {
    const known = this.#beneath.get(nodes);
    if (known !== undefined) return known;
    const shapes = new Map<string, Shape>();
    for (const { selectionSet } of nodes) if (selectionSet !== undefined) this.#collect(selectionSet, type, shapes);
    this.#beneath.set(nodes, shapes);
    return shapes;
  }

  /**
   * Whatever type an object has: fields of one response key have one shape in all of them (GraphQL specification, "Field
   * Selection Merging"), so the first will do, save for `__typename` beside a field that has its alias in another type.
   */
  #collect({ selections }: SelectionSetNode, parent: GraphQLCompositeType, shapes: Map<string, Shape>): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        noteShape(selection, parent, shapes);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.selected.fragments[selection.name.value];
      if (fragment === undefined) continue;
      const condition = this.#typeNamed(fragment.typeCondition?.name.value);
      this.#collect(fragment.selectionSet, condition ?? parent, shapes);
    }
  }

  #typeNamed(name = ''): GraphQLCompositeType | undefined {
    const type = this.selected.schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

const noteShape = (node: FieldNode, parent: GraphQLCompositeType, shapes: Map<string, Shape>): void => {
  const key = node.alias?.value ?? node.name.value;
  const field = isUnionType(parent) ? undefined : parent.getFields()[node.name.value];
  const known = shapes.get(key);
  if (known?.type == null) shapes.set(key, { type: field?.type ?? null, nodes: [...(known?.nodes ?? []), node] });
  else known.nodes.push(node);
};

/** Whether something came at a position of an answer, read off the answer, the operation and the data behind it. */
import type { SelectionSetNode } from 'graphql';
import type { Field, Thing, Value } from './generatedWorld.js';
import { beneath } from './operationReader.js';
import type { Nodes, OperationReader } from './operationReader.js';

export interface Position {
  readonly thing: Thing;
  readonly field: Field;
  readonly nodes: Nodes;
  readonly path: readonly (string | number)[];
}

interface WithPath {
  readonly path?: readonly (string | number)[] | null;
}

/** At least one leaf; or, for a price that says so, anything but null, if no error stands at it or beneath it. */
export const isDelivered = (
  reader: OperationReader,
  { thing, field, nodes, path }: Position,
  answer: unknown,
  errors: readonly WithPath[],
): boolean => {
  if (answer == null) return false;
  if (hasLeaf(reader, reader.valueOf(thing, field, nodes), beneath(nodes), answer)) return true;
  const isAtOrBeneath = (at: WithPath['path']) => path.every((key, index) => at?.[index] === key);
  return field.price?.chargesEmpty === true && !errors.some((error) => isAtOrBeneath(error.path));
};

const hasLeaf = (
  reader: OperationReader,
  value: Value,
  sets: readonly SelectionSetNode[],
  answer: unknown,
): boolean => {
  if (answer == null) return false;
  if (isList(value)) return value.some((item, index) => hasLeaf(reader, item, sets, partOf(answer, index)));
  if (!isThing(value)) return true;
  const selected = [...reader.collect(value.type, sets)];
  const others = selected.filter(([, nodes]) => reader.fieldOf(value.type, nodes) !== null);
  if (others.length === 0) return selected.length > 0;
  return others.some(([key, nodes]) => {
    const field = reader.fieldOf(value.type, nodes);
    // What the world has there need not be what came: a field may be refused. The answer says.
    const there = field === null ? null : reader.valueOf(value, field, nodes);
    return hasLeaf(reader, there, beneath(nodes), partOf(answer, key));
  });
};

export const isThing = (value: Value): value is Thing => typeof value === 'object' && value !== null && 'type' in value;

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const partOf = (answer: unknown, key: string | number): unknown =>
  typeof answer === 'object' && answer !== null ? (Reflect.get(answer, key) as unknown) : undefined;

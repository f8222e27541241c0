/**
 * What of a response is paid for. A value at a paid place that nothing was drawn for did not come from this operation's
 * resolvers: a plug-in put it there, out of a cache say.
 */
import { getNamedType, isAbstractType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { AdmittedField, AdmittedSelection } from './admit.js';
import { isIndexable, valueAt } from './draw.js';
import type { Draw } from './draw.js';

/** How `data` came to be: by executing the operation, or some other way, which the paywall took no part in. */
export type DataOrigin = 'EXECUTED' | 'ELSEWHERE';

export interface Response {
  readonly data: unknown;
  readonly origin: DataOrigin;
}

export interface Delivery {
  /** Draws whose position is not null in the response. */
  readonly delivered: readonly Draw[];
  /** The coordinate of a value that nothing was drawn for; `null`: there is none. */
  readonly undrawn: string | null;
}

export const deliveryOf = (
  schema: GraphQLSchema,
  admitted: AdmittedSelection,
  draws: readonly Draw[],
  { data, origin }: Response,
): Delivery => {
  const drawn: DrawnAt = new Map();
  const delivered = draws.filter(({ path }) => {
    const parent = valueAt(data, path.prev);
    if (!isIndexable(parent) || parent[path.key] == null) return false;
    const parents = drawn.get(path.key);
    if (parents === undefined) drawn.set(path.key, new Set([parent]));
    else parents.add(parent);
    return true;
  });
  const search: Search = { schema, drawn, origin };
  return { delivered, undrawn: findUndrawn(search, data, fieldsOf(admitted, 1, true)) };
};

/** The objects of `data` that were drawn for, by the response key that was drawn for in them. */
type DrawnAt = Map<string | number, Set<object>>;

interface Search {
  readonly schema: GraphQLSchema;
  readonly drawn: DrawnAt;
  readonly origin: DataOrigin;
}

/** Where to look in an object, worked out once for all objects of a list. */
interface Fields {
  readonly all: readonly AdmittedField[];
  /** How many object types the value may be of. */
  readonly typeCount: number;
  /** Whether the selection is that of the value's own type, whichever that is. */
  readonly isSure: boolean;
}

const fieldsOf = (selection: AdmittedSelection, typeCount: number, isSure: boolean): Fields => ({
  all: [...selection.values()].flatMap((type) => [...type.values()]),
  typeCount,
  isSure,
});

/** Field by field, each in all objects at once: `values` are what stands at one place, lists within lists flattened. */
const findUndrawn = (search: Search, value: unknown, fields: Fields): string | null => {
  const objects: Indexable[] = [];
  addObjects(value, objects);
  return firstOf(fields.all, (field) => findUndrawnAt(search, objects, field, fields));
};

const findUndrawnAt = (
  search: Search,
  objects: readonly Indexable[],
  field: AdmittedField,
  { all, typeCount, isSure }: Fields,
): string | null => {
  const { responseKey, coordinate, paid } = field.quoted.place;
  // Of an abstract type the value's own type is not known. It may be one in which the key is that of a free field.
  const isPaidInAll = isSure && all.filter((each) => isPaidAt(each, responseKey)).length === typeCount;
  if (paid !== null && (isPaidInAll || search.origin === 'ELSEWHERE')) {
    const drawn = search.drawn.get(responseKey);
    const isUndrawn = (object: Indexable) => object[responseKey] != null && drawn?.has(object) !== true;
    if (objects.some(isUndrawn)) return coordinate;
  }
  if (field.beneath.size === 0) return null;
  const beneath = fieldsOf(field.beneath, typeCountOf(search.schema, field), isSure && typeCount === 1);
  return findUndrawn(
    search,
    objects.map((object) => object[responseKey]),
    beneath,
  );
};

type Indexable = Readonly<Record<string | number, unknown>>;

const addObjects = (value: unknown, objects: Indexable[]): void => {
  if (Array.isArray(value)) for (const item of value) addObjects(item, objects);
  else if (isIndexable(value)) objects.push(value);
};

const isPaidAt = ({ quoted: { place } }: AdmittedField, key: string): boolean =>
  place.paid !== null && place.responseKey === key;

const typeCountOf = (schema: GraphQLSchema, { quoted }: AdmittedField): number => {
  const type = getNamedType(quoted.place.field.type);
  return isAbstractType(type) ? schema.getPossibleTypes(type).length : 1;
};

const firstOf = <Item>(items: readonly Item[], find: (item: Item) => string | null): string | null => {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
};

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
  const drawn: DrawnKeys = new Map();
  const delivered = draws.filter(({ path }) => {
    const parent = valueAt(data, path.prev);
    if (!isIndexable(parent) || parent[path.key] == null) return false;
    const keys = drawn.get(parent) ?? new Set();
    drawn.set(parent, keys.add(path.key));
    return true;
  });
  const search: Search = { schema, drawn, origin };
  return { delivered, undrawn: findUndrawn(search, admitted, { value: data, typeCount: 1, isSure: true }) };
};

/** Response keys that were drawn for, by the object of `data` that has them. */
type DrawnKeys = Map<object, Set<string | number>>;

interface Search {
  readonly schema: GraphQLSchema;
  readonly drawn: DrawnKeys;
  readonly origin: DataOrigin;
}

interface Found {
  readonly value: unknown;
  /** How many object types the value may be of. */
  readonly typeCount: number;
  /** Whether the selection is that of the value's own type, whichever that is. */
  readonly isSure: boolean;
}

const findUndrawn = (search: Search, selection: AdmittedSelection, found: Found): string | null => {
  const { value, typeCount, isSure } = found;
  if (selection.size === 0 || !isIndexable(value)) return null;
  if (Array.isArray(value)) return firstOf(value, (item) => findUndrawn(search, selection, { ...found, value: item }));
  const fields = [...selection.values()].flatMap((type) => [...type.values()]);
  return firstOf(fields, (field) => {
    const key = field.quoted.place.responseKey;
    const child = value[key];
    if (child == null) return null;
    // Of an abstract type the value's own type is not known. It may be one in which the key is that of a free field.
    const isPaidInAll = isSure && fields.filter((each) => isPaidAt(each, key)).length === typeCount;
    const isSuspect = field.quoted.place.paid !== null && (isPaidInAll || search.origin === 'ELSEWHERE');
    if (isSuspect && !(search.drawn.get(value)?.has(key) ?? false)) return field.quoted.place.coordinate;
    const beneath = { value: child, typeCount: typeCountOf(search.schema, field), isSure: isSure && typeCount === 1 };
    return findUndrawn(search, field.beneath, beneath);
  });
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

/**
 * What of a response is paid for. A value at a paid place that nothing was drawn for did not come from this operation's
 * resolvers: a plug-in put it there, out of a cache say.
 */
import { isRecord } from '../../domain/isRecord.js';
import { getNamedType, isAbstractType, responsePathAsArray } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { fieldOf } from '../gate/admit.js';
import type { AdmittedField, AdmittedSelection, AdmittedType } from '../gate/admit.js';
import type { Draw, Path } from '../gate/draw.js';
import type { DrawnPlace } from '../gate/tab.js';
import { DeliveredValue } from './deliveredValue.js';

/** How `data` came to be: by executing the operation, or some other way, which the paywall took no part in. */
export type DataOrigin = 'EXECUTED' | 'ELSEWHERE';

export interface Response {
  readonly data: unknown;
  readonly errors: readonly unknown[];
  readonly origin: DataOrigin;
}

export interface Delivery {
  /** Draws of whose position something came in the response, place by place. */
  readonly delivered: readonly Draw[];
  /** The coordinate of a value that nothing was drawn for; `null`: there is none. */
  readonly undrawn: string | null;
}

export const deliveryOf = (
  schema: GraphQLSchema,
  admitted: AdmittedType,
  places: readonly DrawnPlace[],
  { data, errors, origin }: Response,
): Delivery => {
  const delivered: Draw[] = [];
  const drawnAt = new Map<AdmittedField, number>();
  for (const { field, selected, draws } of places) {
    const place = DeliveredValue.at(field.quoted.place, selected);
    let drawn = drawnAt.get(field) ?? 0;
    for (const draw of draws) {
      const value = valueAt(data, draw.path);
      if (value == null) continue;
      drawn += 1;
      const isEmptyPaid = draw.paid.chargeEmpty && !errors.some((error) => isAtOrBeneath(error, draw.path));
      if (isEmptyPaid || place.isIn(value)) delivered.push(draw);
    }
    drawnAt.set(field, drawn);
  }
  const objects = isRecord(data) ? [data] : [];
  const search: Search = { schema, drawnAt, origin };
  return { delivered, undrawn: findUndrawn(search, objects, { selection: [admitted], typeCount: 1, isSure: true }) };
};

/** Whether an error, as graphql-js or a server has it, stands at a position or beneath it. */
const isAtOrBeneath = (error: unknown, path: Path): boolean => {
  if (!isRecord(error) || !Array.isArray(error['path'])) return false;
  const at = error['path'];
  return responsePathAsArray(path).every((key, index) => at[index] === key);
};

interface Search {
  readonly schema: GraphQLSchema;
  /** How many positions of a place were drawn for and are not null. */
  readonly drawnAt: ReadonlyMap<AdmittedField, number>;
  readonly origin: DataOrigin;
}

/** What was selected in objects that stand at one place. */
interface Selected {
  readonly selection: AdmittedSelection;
  /** How many object types they may be of. */
  readonly typeCount: number;
  /** Whether the selection is that of the objects' own types, whichever those are. */
  readonly isSure: boolean;
}

type Indexable = Readonly<Record<string, unknown>>;

/** Field by field, each in all objects at once. */
const findUndrawn = (search: Search, objects: readonly Indexable[], selected: Selected): string | null => {
  // Of an abstract type the objects' own types are not known: in one of them a key may be that of a free field.
  if (!selected.isSure && search.origin === 'EXECUTED') return null;
  for (const { fields } of selected.selection) {
    for (const field of fields) {
      const found = findUndrawnAt(search, objects, field, selected);
      if (found !== null) return found;
    }
  }
  return null;
};

const findUndrawnAt = (
  search: Search,
  objects: readonly Indexable[],
  field: AdmittedField,
  selected: Selected,
): string | null => {
  const { responseKey, coordinate, paid } = field.quoted.place;
  if (paid !== null && hasUndrawn(search, objects, responseKey, selected)) return coordinate;
  if (field.beneath.length === 0) return null;
  const beneath: Indexable[] = [];
  for (const object of objects) addObjects(object[responseKey], beneath);
  return findUndrawn(search, beneath, {
    selection: field.beneath,
    typeCount: typeCountOf(search.schema, field),
    isSure: selected.isSure && selected.typeCount === 1,
  });
};

const hasUndrawn = (
  { drawnAt, origin }: Search,
  objects: readonly Indexable[],
  responseKey: string,
  { selection, typeCount }: Selected,
): boolean => {
  let [typesPaid, drawn, found] = [0, 0, 0];
  for (const type of selection) {
    const each = fieldOf(type, responseKey);
    if (each === undefined || each.quoted.place.paid === null) continue;
    typesPaid += 1;
    drawn += drawnAt.get(each) ?? 0;
  }
  if (origin === 'EXECUTED' && typesPaid < typeCount) return false;
  for (const object of objects) if (object[responseKey] != null) found += 1;
  // Those that were drawn for are among those found, so that one more of them was not.
  return found > drawn;
};

/** The value's objects, those of lists within lists too. */
const addObjects = (value: unknown, objects: Indexable[]): void => {
  if (Array.isArray(value)) for (const item of value) addObjects(item, objects);
  else if (isRecord(value)) objects.push(value);
};

const typeCountOf = (schema: GraphQLSchema, { quoted }: AdmittedField): number => {
  const type = getNamedType(quoted.place.field.type);
  return isAbstractType(type) ? schema.getPossibleTypes(type).length : 1;
};

/** What stands at a path in the data of a response: `undefined` or `null` where the position was not delivered. */
const valueAt = (data: unknown, path: Path | undefined): unknown => {
  if (path === undefined) return data;
  const parent = valueAt(data, path.prev);
  return isRecord(parent) ? parent[path.key] : undefined;
};

/** Whether a schema that is served has the gates of its prices: the raw one opens the paywall. */
import { isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { PricedSchema } from '../price/places.js';

/** Marks fields that have gate 2, also after others have mapped the schema. */
export const GATED = 'tollgateGated';

/** Whether every paid field that a schema has is gated: it is the paywall's, or was made of it. */
export const isGated = (schema: GraphQLSchema, paid: PricedSchema['requirements']['paid']): boolean =>
  [...paid.keys()].every((coordinate) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    return field === undefined || field.extensions[GATED] === true;
  });

/** The rows of the matrix, in the order of the table. */
import type { Row } from './row.js';
import { conditions } from './rows/conditions.js';
import { fields } from './rows/fields.js';
import { freeFields } from './rows/freeFields.js';
import { lists } from './rows/lists.js';
import { mutations } from './rows/mutations.js';
import { prices } from './rows/prices.js';
import { resolvers } from './rows/resolvers.js';
import { types } from './rows/types.js';

export const ROWS: readonly Row[] = [
  ...fields,
  ...conditions,
  ...lists,
  ...types,
  ...mutations,
  ...freeFields,
  ...prices,
  ...resolvers,
];

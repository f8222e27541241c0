/** The SDL files of `schema/`, which are written by hand and shipped with the package. */
import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(`../schema/${name}.graphql`, import.meta.url), 'utf8');

/** `@requiresPayment` and `@listSize`: put them before type definitions of your own. */
export const directiveTypeDefs = (): string => read('directive');

/** `billing`, for a schema that has a `Query` type of its own. Needs `billingResolvers`. */
export const billingTypeDefs = (): string => read('billing');

/** The demo's product. */
export const atlasTypeDefs = (): string => read('atlas');

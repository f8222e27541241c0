/** The SDL files of `schema/`, which are written by hand and shipped with the package. */
import { readFileSync } from 'node:fs';

/** The text of one file, by its name without the ending. */
export const readTypeDefs = (name: 'admin' | 'atlas' | 'billing' | 'directive' | 'payments'): string =>
  readFileSync(new URL(`../../schema/${name}.graphql`, import.meta.url), 'utf8');

/** `@requiresPayment` and `@listSize`: put them before type definitions of your own. */
export const directiveTypeDefs = (): string => readTypeDefs('directive');

/** `billing`, for a schema that has a `Query` type of its own. Needs `billingResolvers`. */
export const billingTypeDefs = (): string => readTypeDefs('billing');

/** Mutations by which whoever was refused pays, for a schema that has a `Mutation` type and `billing`. Needs `paymentResolvers`. */
export const paymentTypeDefs = (): string => readTypeDefs('payments');

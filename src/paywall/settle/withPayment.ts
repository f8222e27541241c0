/** What is sent of a response that was charged for. */
import type { PaymentSummary } from './chargedField.js';

/**
 * A new value: a cache may have kept the one that is there, to send it to others. Written out, since a
 * copy by spreading would have a hidden class of its own each time.
 */
export const withPayment = <Data, Failure>(
  { data = null, errors, extensions }: Answered<Data, Failure>,
  payment: PaymentSummary,
): Answered<Data, Failure> => {
  const all = extensions === undefined ? { payment } : { ...extensions, payment };
  return errors === undefined ? { data, extensions: all } : { errors, data, extensions: all };
};

/** As an executor answers, graphql-js or a server that has formatted its errors. */
export interface Answered<Data, Failure> {
  data?: Data | null;
  errors?: readonly Failure[];
  extensions?: Record<string, unknown>;
}

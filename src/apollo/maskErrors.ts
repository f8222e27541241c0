/** What clients see of errors: what was meant for them as it is, of anything else that it happened. */
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { StoreError } from '../store/storeError.js';

export interface MaskOptions {
  /** Whether errors may name what the schema has beside what was asked for: fields, arguments, values of enums. */
  readonly suggestions?: boolean;
}

/** For Apollo's `formatError`. `report` gets what clients don't see. */
export const maskErrors =
  (report: (error: unknown) => void, { suggestions = true }: MaskOptions = {}) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const cause = unwrapResolverError(error);
    if (cause instanceof StoreError) {
      report(cause);
      return masked(formatted, 'This can’t be looked up at the moment. Try again later.', {
        code: 'SERVICE_UNAVAILABLE',
        reason: 'STORE_UNAVAILABLE',
        remedy: 'RETRY_LATER',
        retryable: true,
      });
    }
    if (cause instanceof GraphQLError) return suggestions ? formatted : withoutSuggestion(formatted);
    report(cause);
    return masked(formatted, 'Something went wrong on the server.', { code: 'INTERNAL_SERVER_ERROR' });
  };

/** As graphql-js writes it, of values of enums in variables too, which no rule of validation sees. */
const SUGGESTION = / ?Did you mean .*\?$/s;

const withoutSuggestion = (formatted: GraphQLFormattedError): GraphQLFormattedError => ({
  ...formatted,
  message: formatted.message.replace(SUGGESTION, ''),
});

const masked = (
  { locations, path }: GraphQLFormattedError,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLFormattedError => ({
  message,
  ...(locations === undefined ? {} : { locations }),
  ...(path === undefined ? {} : { path }),
  extensions,
});

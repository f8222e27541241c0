/** Which type an answer is sent in, by the `Accept` of its request (RFC 9110, 12.5.1). */
import Negotiator from 'negotiator';

export const GRAPHQL_RESPONSE_JSON = 'application/graphql-response+json; charset=utf-8';
const JSON_UTF8 = 'application/json; charset=utf-8';

/** Of these types the one that the client likes best; of equals the first. `null`: it accepts none. */
export const preferredType = (accept: string | undefined, types: readonly string[]): string | null =>
  new Negotiator({ headers: { accept } }).mediaType([...types]) ?? null;

/**
 * The type of a response that is sent whatever the client accepts, which the RFC allows: of the two
 * types of GraphQL-over-HTTP the one that it likes best, and plain JSON where it accepts neither.
 */
export const typeOfServed = (accept: string | undefined): string =>
  preferredType(accept, [JSON_UTF8, GRAPHQL_RESPONSE_JSON]) ?? JSON_UTF8;

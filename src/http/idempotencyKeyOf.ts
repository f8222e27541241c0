/**
 * The `Idempotency-Key` of a request: a quoted string in the header (draft-ietf-httpapi-idempotency-key-header), or
 * `extensions.idempotencyKey` for transports without headers.
 */
import { GraphQLError } from 'graphql';

const KEY_LENGTH_MAX = 255;
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/**
 * `null` where none was sent. A `GraphQLError` says what is wrong with one that can't be used. `isBatch`: the header came
 * with several operations, of which no two can have one key.
 */
export const idempotencyKeyOf = (
  header: string | undefined,
  extension: unknown,
  { isBatch = false }: { readonly isBatch?: boolean } = {},
): string | GraphQLError | null => {
  if (header === undefined && (extension === undefined || extension === null)) return null;
  if (header !== undefined && isBatch) return ofBatch();
  const key = header === undefined ? extension : unquote(header);
  if (typeof key !== 'string' || key === '' || key.length > KEY_LENGTH_MAX) return malformed();
  return key;
};

const unquote = (header: string): string | null => {
  const content = QUOTED.exec(header.trim())?.[1];
  return content === undefined ? null : content.replaceAll(/\\(["\\])/g, '$1');
};

const badKey = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' } });

const ofBatch = (): GraphQLError =>
  badKey(
    'One Idempotency-Key can’t be that of all operations of a batch. Give each its own, in extensions.idempotencyKey.',
  );

/** For whoever is sent a key with an operation that is none: each event of a subscription is another. */
export const keyedSubscription = (): GraphQLError =>
  badKey('A subscription takes no Idempotency-Key: each of its events is an operation of its own. Send it without.');

const malformed = (): GraphQLError =>
  badKey(
    `The Idempotency-Key must be a quoted string of 1 to ${KEY_LENGTH_MAX} characters, as in Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".`,
  );

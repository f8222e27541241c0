/** What can't be sent is not charged: found out before anything is settled, for every transport alike. */
import { GraphQLError } from 'graphql';

interface Sent {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
}

/** Why an answer can't be sent, as JSON and within its bound; `null`: it can. */
export const unsendable = ({ data, errors }: Sent, bytesMax: number): GraphQLError | null => {
  if (data == null) return null;
  try {
    // Each takes at most three bytes a character.
    const texts = errors === undefined ? [JSON.stringify(data)] : [JSON.stringify(data), JSON.stringify(errors)];
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    if (characters * UTF8_BYTES_MAX <= bytesMax) return null;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return bytes <= bytesMax ? null : tooLarge(bytesMax);
  } catch (error) {
    return noJson(error);
  }
};

/** Of one unit of UTF-16. */
const UTF8_BYTES_MAX = 3;

/** What takes the place of an answer that has no form in JSON, a `BigInt` of a careless scalar say. */
export const noJson = (cause: unknown): GraphQLError =>
  new GraphQLError('The answer can’t be written as JSON, so it is neither sent nor charged.', {
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
    originalError: cause instanceof Error ? cause : null,
  });

const tooLarge = (bytesMax: number): GraphQLError =>
  new GraphQLError(
    `The answer has more than ${bytesMax} bytes, so it is neither sent nor charged. Ask for less at a time.`,
    { extensions: { code: 'ANSWER_TOO_LARGE', bytesMax } },
  );

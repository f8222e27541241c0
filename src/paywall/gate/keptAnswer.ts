/**
 * The answer that is kept under an `Idempotency-Key`: compressed, and as text, so that every store keeps it alike. It is
 * packed before its hold is captured: what can't be kept is not sent, and nobody pays for it.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { GraphQLError } from 'graphql';
import { invariant } from '../../domain/invariant.js';
import { isRecord } from '../../domain/isRecord.js';
import { noJson } from './unsendable.js';

/** What a client gets, but for the balance, which is that of the moment when it is sent. */
export interface KeptAnswer {
  readonly response: { readonly data?: unknown; readonly errors?: readonly unknown[] | undefined };
  /** `null`: it was not charged, because it could not be kept. */
  readonly payment: { readonly charged: number; readonly fields: readonly KeptField[] } | null;
}

/** A row of `extensions.payment`. */
interface KeptField {
  readonly coordinate: string;
}

const [compress, decompress] = [promisify(deflateRaw), promisify(inflateRaw)];
/** No JSON begins like this: earlier versions kept it as it is. */
const COMPRESSED = 'deflate:';

/** The answer as it is kept, or the error to keep and to send in its place. */
export const packAnswer = async (answer: KeptAnswer, bytesMax: number): Promise<string | GraphQLError> => {
  const text = textOf(answer);
  if (text instanceof GraphQLError) return text;
  if (Buffer.byteLength(text) > bytesMax) return tooLarge(bytesMax);
  return `${COMPRESSED}${(await compress(text)).toString('base64')}`;
};

export const unpackAnswer = async (kept: string): Promise<KeptAnswer> => {
  const isCompressed = kept.startsWith(COMPRESSED);
  const packed = Buffer.from(isCompressed ? kept.slice(COMPRESSED.length) : '', 'base64');
  const stored: unknown = JSON.parse(isCompressed ? String(await decompress(packed)) : kept);
  invariant(isKept(stored), 'a stored answer is no response');
  return { response: stored.response, payment: stored.payment ?? null };
};

const isKept = (stored: unknown): stored is Omit<KeptAnswer, 'payment'> & Partial<KeptAnswer> =>
  isRecord(stored) && isRecord(stored['response']);

const textOf = (answer: KeptAnswer): string | GraphQLError => {
  try {
    return JSON.stringify(answer);
  } catch (error) {
    return noJson(error);
  }
};

const tooLarge = (bytesMax: number): GraphQLError =>
  new GraphQLError(
    `The answer has more than ${bytesMax} bytes, which is too much to be kept under an Idempotency-Key, so it is neither ` +
      'sent nor charged. Ask for less at a time, or send the operation without a key.',
    { extensions: { code: 'IDEMPOTENT_ANSWER_TOO_LARGE', bytesMax } },
  );

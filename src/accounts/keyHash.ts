/**
 * How the secrets of keys are stored: as HMAC-SHA-256 (RFC 2104) under a secret of the server's own, so that who reads the
 * keys in the store can neither call with them nor try out what they were made of without that secret too. The hashes of
 * the last secrets that came are remembered, good or not: how long one takes tells only that it came before.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { KEY_HASH_SECRET } from '../store/storedRecords.js';
import type { Store } from '../store/store.js';
import type { MaybePromise } from '../domain/maybePromise.js';

export type HashSecret = (secret: string) => MaybePromise<string>;

const SECRET_BYTES = 32;
/** As many as the keys that SQLite's memory holds. */
const HASHES_MAX = 2_000;
/** Longer ones are hashed each time: who sends keys that are no good must not fill the memory with them. */
const REMEMBERED_LENGTH_MAX = 256;

/** Without a secret that is given, the store keeps one: made by whoever starts first, and the same for every process. */
export const keyHash = (store: Pick<Store, 'keepSecret'>, given: string | null): HashSecret => {
  let keeping: Promise<string> | null = given === null ? null : Promise.resolve(given);
  const keep = (): Promise<string> => {
    const kept = store.keepSecret(KEY_HASH_SECRET, randomBytes(SECRET_BYTES).toString('base64url'));
    // A store that could not be asked is asked again by the next caller.
    kept.catch(() => {
      keeping = null;
    });
    return kept;
  };
  const known = new LRUCache<string, string>({ max: HASHES_MAX });
  const hash = async (secret: string): Promise<string> => {
    keeping ??= keep();
    const hashed = createHmac('sha256', await keeping)
      .update(secret)
      .digest('base64url');
    if (secret.length <= REMEMBERED_LENGTH_MAX) known.set(copyOf(secret), hashed);
    return hashed;
  };
  return (secret) => known.get(secret) ?? hash(secret);
};

/** Of its own: a part of a text keeps the whole text in memory, a header with much else in it say. */
const copyOf = (text: string): string => Buffer.from(text).toString();

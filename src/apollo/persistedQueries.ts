/**
 * Documents that clients send by their hash (automatic persisted queries), in bounded memory: whoever fills it with
 * documents of their own drives out what was not asked for lately, and its senders send it again.
 */
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { LRUCache } from 'lru-cache';

/** Characters of all documents. */
const KEPT_CHARACTERS_MAX = 2 ** 20;

type PersistedQueryOptions = Exclude<ApolloServerOptions<BaseContext>['persistedQueries'], false | undefined>;
type KeyValueCache = NonNullable<PersistedQueryOptions['cache']>;

export class PersistedQueries implements KeyValueCache {
  readonly #kept = new LRUCache<string, string>({
    maxSize: KEPT_CHARACTERS_MAX,
    // Empty ones take room too.
    sizeCalculation: (document, hash) => document.length + hash.length,
  });

  get(hash: string): Promise<string | undefined> {
    return Promise.resolve(this.#kept.get(hash));
  }

  set(hash: string, document: string): Promise<void> {
    this.#kept.set(hash, document);
    return Promise.resolve();
  }

  delete(hash: string): Promise<boolean> {
    return Promise.resolve(this.#kept.delete(hash));
  }
}

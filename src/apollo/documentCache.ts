/**
 * Documents that were found valid, for when they come again. One is kept only when it comes for the second time: a flood
 * of documents that are all different leaves nothing behind, neither in memory nor in place of what clients really use.
 */
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Characters of all sources. A document takes up to a hundred times as much memory as its source. */
const KEPT_CHARACTERS_MAX = 2 ** 18;
const SEEN_MAX = 5_000;

type DocumentStore = NonNullable<ApolloServerOptions<BaseContext>['documentStore']>;

export class DocumentCache implements DocumentStore {
  readonly #seen = new LRUCache<string, true>({ max: SEEN_MAX });
  readonly #kept = new LRUCache<string, DocumentNode>({
    maxSize: KEPT_CHARACTERS_MAX,
    sizeCalculation: ({ loc }) => loc?.source.body.length ?? KEPT_CHARACTERS_MAX,
  });

  get(key: string): Promise<DocumentNode | undefined> {
    return Promise.resolve(this.#kept.get(key));
  }

  set(key: string, document: DocumentNode): Promise<void> {
    if (this.#seen.has(key)) this.#kept.set(key, document);
    else this.#seen.set(key, true);
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#kept.delete(key));
  }
}

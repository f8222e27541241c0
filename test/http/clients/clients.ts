/** One question, asked with each of the usual clients as its own documentation has it, and what each lets its user see. */
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Client as UrqlClient, fetchExchange } from '@urql/core';
import { ClientError, GraphQLClient } from 'graphql-request';
import relay from 'relay-runtime';
import type { ConcreteRequest, GraphQLResponse } from 'relay-runtime';

export interface Seen {
  readonly data: unknown;
  /** `errors[].extensions`, as far as a program needs them to act. */
  readonly errors: readonly unknown[];
  /** The status, where the client tells it. */
  readonly status: number | null;
}

export interface Question {
  readonly url: string;
  readonly key: string;
  readonly query: string;
}

export type AskWith = (question: Question) => Promise<Seen>;

interface WithExtensions {
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

const actable = (errors: readonly WithExtensions[] = []): readonly unknown[] =>
  errors.map(({ extensions }) => ({
    code: extensions?.['code'],
    reason: extensions?.['reason'],
    remedy: extensions?.['remedy'],
  }));

const headersOf = ({ key }: Question) => ({ authorization: `Bearer ${key}` });

const plainFetch: AskWith = async (question) => {
  const response = await fetch(question.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(question) },
    body: JSON.stringify({ query: question.query }),
  });
  const { data = null, errors } = (await response.json()) as { data?: unknown; errors?: readonly WithExtensions[] };
  return { data, errors: actable(errors), status: response.status };
};

const apolloClient: AskWith = async (question) => {
  const link = new HttpLink({ uri: question.url, headers: headersOf(question) });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const { data, error } = await client.query({ query: gql(question.query), errorPolicy: 'all' });
  client.stop();
  if (error === undefined) return { data: data ?? null, errors: [], status: null };
  if (!CombinedGraphQLErrors.is(error)) throw new Error('No GraphQL errors came.', { cause: error });
  return { data: data ?? null, errors: actable(error.errors), status: null };
};

const urql: AskWith = async (question) => {
  const client = new UrqlClient({
    url: question.url,
    exchanges: [fetchExchange],
    fetchOptions: { headers: headersOf(question) },
    preferGetMethod: false,
  });
  const { data, error } = await client.query(question.query, {}).toPromise();
  if (error?.networkError !== undefined) throw error.networkError;
  const response: unknown = error?.response;
  const status = response instanceof Response ? response.status : null;
  return { data: (data as unknown) ?? null, errors: actable(error?.graphQLErrors), status };
};

const graphqlRequest: AskWith = async (question) => {
  const client = new GraphQLClient(question.url, { headers: headersOf(question), errorPolicy: 'all' });
  try {
    const { data, errors, status } = await client.rawRequest(question.query);
    return { data: data ?? null, errors: actable(errors), status };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const { data = null, errors, status } = error.response;
    return { data, errors: actable(errors), status };
  }
};

/** As Relay's guide has it: what `fetch` gives is handed on, whatever its status. */
const relayNetwork = (question: Question) =>
  relay.Network.create(async ({ text }) => {
    const response = await fetch(question.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(question) },
      body: JSON.stringify({ query: text }),
    });
    return (await response.json()) as GraphQLResponse;
  });

const paramsOf = ({ query }: Question): ConcreteRequest['params'] => ({
  id: null,
  cacheID: query,
  metadata: {},
  name: 'Asked',
  operationKind: 'query',
  providedVariables: {},
  text: query,
});

const relayRuntime: AskWith = async (question) => {
  const response = await relayNetwork(question).execute(paramsOf(question), {}, {}).toPromise();
  const { data = null, errors } = (response ?? {}) as { data?: unknown; errors?: readonly WithExtensions[] };
  return { data, errors: actable(errors), status: null };
};

/** What `fetchQuery` rejects with where there is no data: the errors are in its `source`. */
export const relayRejection = async (question: Question): Promise<readonly unknown[]> => {
  const environment = new relay.Environment({
    network: relayNetwork(question),
    store: new relay.Store(new relay.RecordSource()),
  });
  const selections = [{ kind: 'ScalarField', name: 'gold', alias: null, args: null, storageKey: null }] as const;
  const request: ConcreteRequest = {
    kind: 'Request',
    fragment: { kind: 'Fragment', name: 'Asked', type: 'Query', metadata: null, argumentDefinitions: [], selections },
    operation: { kind: 'Operation', name: 'Asked', argumentDefinitions: [], selections },
    params: paramsOf(question),
  };
  try {
    await relay.fetchQuery(environment, request, {}).toPromise();
    return [];
  } catch (error) {
    const source: unknown = Reflect.get(Object(error) as object, 'source');
    return actable((source as { readonly errors: readonly WithExtensions[] }).errors);
  }
};

export const CLIENTS: readonly (readonly [name: string, ask: AskWith])[] = [
  ['plain fetch', plainFetch],
  ['Apollo Client', apolloClient],
  ['urql', urql],
  ['graphql-request', graphqlRequest],
  ['Relay’s network layer', relayRuntime],
];

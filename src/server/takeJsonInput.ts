/** Looks at the JSON of requests where it comes in. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { jsonInputFault, jsonTextFault } from '../http/jsonInputFault.js';

/**
 * For the scope in which GraphQL routes are registered: bodies, and what a GET request has in its address.
 * `isTextChecked`: left out where who comes after it looks at text, and names the argument that it is in.
 */
export const takeJsonInput = (scope: FastifyInstance, options: { readonly isTextChecked?: boolean } = {}): void => {
  const parseJson = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    const deep = jsonTextFault(body);
    if (deep !== null) {
      done(deep);
      return;
    }
    void parseJson(request, body, (error, value) => {
      const fault = error ?? jsonInputFault(value, options);
      if (fault === null) done(null, value);
      else done(fault);
    });
  });
  scope.addHook('onRequest', async (request) => {
    // Apollo reads the address by it.
    if (!URL.canParse(request.url, `${request.protocol}://${request.hostname}/`)) throw BROKEN_ADDRESS();
    if (request.method !== 'GET') return;
    const fault = jsonInputFault(jsonParametersOf(request), options);
    if (fault !== null) throw fault;
  });
};

const BROKEN_ADDRESS = () =>
  new GraphQLError('The request has no address that can be read: look at its Host header.', {
    extensions: { code: 'BAD_REQUEST' },
  });

/** What can't be read is left to Apollo, which says so. */
const jsonParametersOf = ({ query }: FastifyRequest): unknown => {
  const { variables, extensions } = query as Readonly<Record<string, unknown>>;
  try {
    return [variables, extensions].map((text): unknown => (typeof text === 'string' ? JSON.parse(text) : null));
  } catch {
    return null;
  }
};

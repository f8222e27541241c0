import { expect, it } from 'vitest';
import { preferredType, typeOfServed } from '../../../src/http/preferredType.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

it.each([
  ['nothing', undefined, JSON_TYPE],
  ['anything', '*/*', JSON_TYPE],
  ['an empty header', '', JSON_TYPE],
  ['plain JSON alone', 'application/json', JSON_TYPE],
  ['GraphQL’s type alone', 'application/graphql-response+json', GRAPHQL_TYPE],
  ['both alike, GraphQL’s first', 'application/graphql-response+json, application/json', GRAPHQL_TYPE],
  ['both alike, plain JSON first', 'application/json, application/graphql-response+json', JSON_TYPE],
  ['plain JSON by half', 'application/json;q=0.5, application/graphql-response+json', GRAPHQL_TYPE],
  ['GraphQL’s by less than plain JSON', 'application/graphql-response+json;q=0.1, application/json;q=0.2', JSON_TYPE],
  ['anything but plain JSON', 'application/json;q=0, application/graphql-response+json', GRAPHQL_TYPE],
  ['GraphQL’s refused, anything else taken', 'application/graphql-response+json;q=0, */*', JSON_TYPE],
  ['a charset with it', 'application/graphql-response+json; charset=utf-8', GRAPHQL_TYPE],
  ['neither', 'text/html', JSON_TYPE],
  ['both refused', 'application/json;q=0, application/graphql-response+json;q=0', JSON_TYPE],
])('what was charged is sent in the type that the client likes best: %s', (_what, accept, type) => {
  expect(typeOfServed(accept)).toBe(type);
});

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['text/html;q=0, application/json', 'application/json'],
  ['*/*', 'application/json'],
  ['image/png', null],
])('of several types the best liked is chosen, and none where none is accepted: %s', (accept, type) => {
  expect(preferredType(accept, ['application/json', 'text/html'])).toBe(type);
});

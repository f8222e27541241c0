/**
 * A program of its own, since graphql reads `NODE_ENV` once: schemas that have parts of another copy of graphql are built
 * with a paywall. Prints what came of each, as JSON.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import type { GraphQLObjectTypeConfig } from 'graphql';
import * as other from 'graphql-other';
import { createPaywall, directiveTypeDefs, openStore } from '../../../src/index.js';

const priced = `${directiveTypeDefs()}\ntype Query { forecast(days: Int! = 1): String @requiresPayment(cost: 2) }`;
const store = await openStore('sqlite::memory:');

const outcomeOf = (schema: unknown): string => {
  try {
    createPaywall({ schema: schema as GraphQLSchema, store });
    return 'built';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** The schema of ours with one priced field, as a code-first author writes it; without types to say what is foreign. */
const schemaWith = (type: unknown, args: unknown = {}): GraphQLSchema => {
  const forecast = { type, args, extensions: { directives: { requiresPayment: { cost: 2 } } } };
  const query: unknown = { name: 'Query', fields: { forecast } };
  return new GraphQLSchema({ query: new GraphQLObjectType(query as GraphQLObjectTypeConfig<unknown, unknown>) });
};
const foreignType = new other.GraphQLObjectType({ name: 'Weather', fields: { text: { type: other.GraphQLString } } });

console.log(
  JSON.stringify({
    own: outcomeOf(makeExecutableSchema({ typeDefs: priced })),
    foreign: outcomeOf(other.buildSchema(priced)),
    foreignType: outcomeOf(schemaWith(foreignType)),
    foreignArgument: outcomeOf(schemaWith(GraphQLString, { days: { type: other.GraphQLInt } })),
    noSchema: outcomeOf(priced),
  }),
);
await store.close();

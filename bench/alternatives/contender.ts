/** What is measured against Tollgate, and what all of it shares: prices, and a way to wrap the paid fields of Atlas. */
import { mapSchema, MapperKind } from '@graphql-tools/utils';
import { defaultFieldResolver, GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLFieldResolver, GraphQLSchema } from 'graphql';

export interface Contender {
  readonly name: string;
  readonly run: (account: string, document: DocumentNode) => Promise<ExecutionResult>;
  readonly creditsOf: (account: string) => Promise<number>;
  /** What it can't do that is not counted in a column. */
  readonly remark: string;
}

export interface Context {
  readonly account: string;
}

export type Resolver = GraphQLFieldResolver<unknown, Context>;

/** As schema/atlas.graphql has them. */
const PRICES: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => number>> = {
  'Query.nearest': ({ first }) => Number(first),
  'Country.cities': ({ first }) => Number(first),
  'City.distance': () => 2,
};

/** Wraps the resolver of each paid field; the wrapper is told how to price one call. */
export const wrapPaid = (
  schema: GraphQLSchema,
  wrap: (resolve: Resolver, priceOf: (args: Readonly<Record<string, unknown>>) => number) => Resolver,
): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (config, fieldName, typeName) => {
      const priceOf = PRICES[`${typeName}.${fieldName}`];
      if (priceOf === undefined) return undefined;
      return { ...config, resolve: wrap((config.resolve ?? defaultFieldResolver) as Resolver, priceOf) };
    },
  });

export const paymentRequired = (): GraphQLError =>
  new GraphQLError('Not enough credits.', { extensions: { code: 'PAYMENT_REQUIRED' } });

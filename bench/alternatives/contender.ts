/** What is measured against Tollgate, and what all of it shares: prices, and a way to wrap the paid fields of Atlas. */
import { mapSchema, MapperKind } from '@graphql-tools/utils';
import { defaultFieldResolver, GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type { MaybePromise } from '../../src/domain/maybePromise.js';

export interface Contender {
  readonly name: string;
  readonly run: (account: string, document: DocumentNode) => MaybePromise<ExecutionResult>;
  readonly creditsOf: (account: string) => Promise<number>;
  /** What it can't do that is not counted in a column. */
  readonly remark: string;
}

export interface Context {
  readonly account: string;
}

export type Resolver = GraphQLFieldResolver<unknown, Context>;

/** What one call of a paid field is, and what it costs. */
export interface Price {
  readonly feature: string;
  readonly of: (args: Readonly<Record<string, unknown>>) => number;
}

/** As schema/atlas.graphql has them. */
export const PRICES: Readonly<Record<string, Price>> = {
  'Query.nearest': { feature: 'geocoding', of: ({ first }) => Number(first) },
  'Country.cities': { feature: 'cities', of: ({ first }) => Number(first) },
  'City.distance': { feature: 'distance', of: () => 2 },
};

/** Wraps the resolver of each paid field; the wrapper is told how to price one call. */
export const wrapPaid = (schema: GraphQLSchema, wrap: (resolve: Resolver, price: Price) => Resolver): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (config, fieldName, typeName) => {
      const price = PRICES[`${typeName}.${fieldName}`];
      if (price === undefined) return undefined;
      return { ...config, resolve: wrap((config.resolve ?? defaultFieldResolver) as Resolver, price) };
    },
  });

export const paymentRequired = (): GraphQLError =>
  new GraphQLError('Not enough credits.', { extensions: { code: 'PAYMENT_REQUIRED' } });

/** The demo's schema: Atlas, with `billing` beside it. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { billingResolvers } from '../api/billingResolvers.js';
import { billingTypeDefs, directiveTypeDefs, readTypeDefs } from '../api/readTypeDefs.js';
import { atlasResolvers } from './atlasResolvers.js';

export const createAtlasSchema = (): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), readTypeDefs('atlas'), billingTypeDefs()],
    resolvers: [atlasResolvers, billingResolvers],
  });

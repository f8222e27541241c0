/** The demo's schema: Atlas, with `billing` beside it. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { billingResolvers } from '../api/billing.js';
import { atlasTypeDefs, billingTypeDefs, directiveTypeDefs } from '../schemaFiles.js';
import { atlasResolvers } from './atlasResolvers.js';

export const createAtlasSchema = (): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), atlasTypeDefs(), billingTypeDefs()],
    resolvers: [atlasResolvers, billingResolvers],
  });

/** The demo's schema: Atlas, with `billing` beside it. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { billingResolvers } from '../api/billingResolvers.js';
import { paymentResolvers } from '../api/paymentResolvers.js';
import { billingTypeDefs, directiveTypeDefs, paymentTypeDefs, readTypeDefs } from '../api/readTypeDefs.js';
import { atlasResolvers } from './atlasResolvers.js';

export const createAtlasSchema = (): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), readTypeDefs('atlas'), billingTypeDefs(), paymentTypeDefs()],
    resolvers: [atlasResolvers, billingResolvers, paymentResolvers],
  });

import { makeExecutableSchema } from '@graphql-tools/schema';
import { expect, it } from 'vitest';
import { billingResolvers } from '../../../src/api/billingResolvers.js';
import { billingTypeDefs, directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import { readyPaywall } from '../paywall/ready.js';

it('`billing` is free though the type that it is in is paid, and tells the prices of that type', async () => {
  const schema = makeExecutableSchema({
    typeDefs: [
      directiveTypeDefs(),
      billingTypeDefs(),
      'type Query @requiresPayment(feature: "api", cost: 2, chargeEmpty: true) { a: Int b: Int @free }',
    ],
    resolvers: [billingResolvers, { Query: { a: () => 1, b: () => 2 } }],
  });
  const { paywall, callerWith, close } = await readyPaywall(schema);
  const contextValue = { tollgate: { caller: await callerWith(0) } };
  const document = '{ billing { terms { coordinate feature cost multipliers chargeEmpty } } a b }';
  expect(await paywall.execute({ document, contextValue })).toMatchObject({
    data: {
      billing: {
        terms: [{ coordinate: 'Query.a', feature: 'api', cost: 2, multipliers: [], chargeEmpty: true }],
      },
      a: null,
      b: 2,
    },
    errors: [{ path: ['a'], extensions: { reason: 'INSUFFICIENT_FUNDS' } }],
  });
  await close();
});

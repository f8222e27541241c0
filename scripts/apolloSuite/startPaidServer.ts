/** An Apollo server as the suite asks for it, with the plug-in, every field at a price, and a caller who can pay. */
import { ApolloServer } from '@apollo/server';
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { StandaloneServerContextFunctionArgument } from '@apollo/server/standalone';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { mapSchema, MapperKind } from '@graphql-tools/utils';
import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import { createAccount, grantCredits, issueKey } from '../../src/admin/library.js';
import { tollgatePlugin } from '../../src/apollo/tollgatePlugin.js';
import { callerContext } from '../../src/paywall/callerContext.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { Paywall } from '../../src/paywall/paywall.js';
import { openStore } from '../../src/store/openStore.js';

type Options = ApolloServerOptions<BaseContext>;
/** The suite gives thunks without an argument, and the standalone server calls them with one. */
type ContextOf = (argument: StandaloneServerContextFunctionArgument) => Promise<BaseContext>;

interface PaidServer {
  readonly server: ApolloServer;
  readonly url: string;
  readonly extraCleanup: () => Promise<void>;
}

const CREDITS = 1_000_000;

export const startPaidServer = async (
  options: Options,
  { context = async () => ({}) }: { readonly context?: ContextOf } = {},
): Promise<PaidServer> => {
  // A gateway's schema is known once it has loaded, too late for prices: Apollo alone serves it.
  if (options.gateway !== undefined) return listen(new ApolloServer(options), context, async () => undefined);
  const store = await openStore('sqlite::memory:');
  const paywall = createPaywall({ schema: withPrices(schemaOf(options)), store, lint: 'off' });
  const authorization = await keyOfPayer(paywall);
  const { stringifyResult: stringify = JSON.stringify, plugins = [] } = options;
  const server = new ApolloServer({
    ...withoutSchema(options),
    schema: paywall.schema,
    plugins: [...plugins, tollgatePlugin(paywall) as never],
    stringifyResult: (result) => stringify(withoutPayment(result)),
  });
  const ownContext: ContextOf = async (argument) =>
    Object.assign(await context(argument), await callerContext(paywall, authorization));
  return listen(server, ownContext, async () => {
    await paywall.close();
    await store.close();
  });
};

/** The suite compares whole bodies, and knows nothing of what ours says beside the data. */
const withoutPayment = (result: FormattedExecutionResult): FormattedExecutionResult => {
  const { extensions, ...body } = result;
  const others = Object.fromEntries(Object.entries(extensions ?? {}).filter(([name]) => name !== 'payment'));
  return Object.keys(others).length === 0 ? body : { ...body, extensions: others };
};

const listen = async (
  server: ApolloServer,
  context: ContextOf,
  extraCleanup: PaidServer['extraCleanup'],
): Promise<PaidServer> => {
  const { url } = await startStandaloneServer(server, { context, listen: { port: 0, host: '127.0.0.1' } });
  return { server, url, extraCleanup };
};

const withoutSchema = (options: Options) =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'typeDefs' && name !== 'resolvers'));

/** As Apollo Server makes it. */
const schemaOf = ({ schema, typeDefs, resolvers }: Options): GraphQLSchema =>
  schema ?? makeExecutableSchema({ typeDefs: typeDefs ?? [], resolvers: resolvers ?? {} });

const withPrices = (schema: GraphQLSchema): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field) => ({
      ...field,
      extensions: { ...field.extensions, directives: { requiresPayment: { cost: 1 } } },
    }),
  });

const keyOfPayer = async ({ engine }: Paywall): Promise<string> => {
  const { id } = await createAccount(engine, { id: 'payer', name: 'The suite' });
  await grantCredits(engine, id, { id: 'start', credits: CREDITS, reason: 'The suite' });
  return `Bearer ${(await issueKey(engine, id)).secret}`;
};

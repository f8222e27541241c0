/**
 * The thin layer between Apollo Server and a paywall: answers for a key that is no good, opens the tab once the
 * operation is known, answers for an operation that is refused as a whole, and settles before the response is sent. It
 * has no `willResolveField`, which would slow every field.
 */
import type { ApolloServerPlugin, GraphQLRequestContext, GraphQLRequestListener } from '@apollo/server';
import type { HTTPGraphQLHead } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { Opening, Paywall, PaywallContext } from '../paywall/paywall.js';
import { GRAPHQL_RESPONSE_JSON, headOfAnswer, headOfRefusal, typeOfServed } from './httpStatus.js';

type Context = GraphQLRequestContext<PaywallContext>;
type Response = Context['response'];
type Answer = Extract<Opening, { kind: 'answer' }>;

/** The context value must hold what `callerContext` gives. */
export const tollgatePlugin = (paywall: Paywall): ApolloServerPlugin<PaywallContext> => ({
  requestDidStart: ({ contextValue }) => Promise.resolve(listenerOf(paywall, contextValue)),
});

const listenerOf = (paywall: Paywall, { caller }: PaywallContext): GraphQLRequestListener<PaywallContext> => {
  const barred = paywall.barredByKey(caller);
  let opening: Opening | null = barred;
  return {
    async didResolveOperation({ document, request, contextValue }) {
      // The name that was asked for: Apollo's own is null where the document has no such operation.
      const { variables, operationName } = request;
      opening ??= await paywall.open({ document, operationName, variables, caller, contextValue });
    },

    responseForOperation() {
      if (opening?.kind !== 'answer') return Promise.resolve(null);
      return Promise.resolve({ body: bodyOf(opening.errors), http: headOfAnswer(opening.refusal, opening.errors) });
    },

    async willSendResponse({ response, request }) {
      // A document that is not valid never gets as far as an operation, and 401 comes before 400.
      if (barred !== null) replace(response, barred);
      else if (opening?.kind === 'run') await settle(response, opening, request.http?.headers.get('accept'));
      const { http } = response;
      // Clients that ask for plain JSON read the errors of a 4xx only if its type says that it is GraphQL's.
      if (http.status !== undefined && http.status >= 400) http.headers.set('content-type', GRAPHQL_RESPONSE_JSON);
    },
  };
};

const bodyOf = (errors: readonly GraphQLError[]): NonNullable<Response['body']> => ({
  kind: 'single',
  singleResult: { errors: errors.map((error) => error.toJSON()) },
});

const replace = (response: Response, { errors, refusal }: Answer): void => {
  response.body = bodyOf(errors);
  setHead(response, headOfAnswer(refusal, errors));
};

const setHead = ({ http }: Response, { status, headers }: HTTPGraphQLHead): void => {
  if (status !== undefined) http.status = status;
  for (const [name, value] of headers) http.headers.set(name, value);
};

const settle = async (
  response: Response,
  opening: Extract<Opening, { kind: 'run' }>,
  accept: string | undefined,
): Promise<void> => {
  // A response in parts is settled for what its first part has: nothing that comes later can be captured.
  const result = response.body?.kind === 'single' ? response.body.singleResult : response.body?.initialResult;
  const settled = await opening.settle(result?.data);
  if (settled instanceof GraphQLError) {
    response.body = bodyOf([settled]);
    setHead(response, headOfRefusal('SERVICE_UNAVAILABLE', null));
  } else if (settled !== null && result?.data != null) {
    result.extensions = { ...result.extensions, payment: settled };
    // Apollo would answer 406 in place of what was just charged, where the client accepts no JSON.
    if (response.body?.kind === 'single') response.http.headers.set('content-type', typeOfServed(accept));
  }
};

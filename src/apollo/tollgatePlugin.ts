/**
 * The thin layer between Apollo Server and a paywall: answers for a key that is no good, opens the tab once the
 * operation is known, answers for an operation that is not to run, and settles before the response is sent. It has no
 * `willResolveField`, which would slow every field.
 */
import type { ApolloServerPlugin, GraphQLRequestContext, GraphQLRequestListener } from '@apollo/server';
import { HeaderMap } from '@apollo/server';
import { GraphQLError, OperationTypeNode } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import type { DataOrigin } from '../paywall/settle/delivery.js';
import { operationContextOf } from '../paywall/callerContext.js';
import type { PaywallContext } from '../paywall/callerContext.js';
import { conclude } from '../paywall/opening.js';
import type { Opening } from '../paywall/opening.js';
import type { Paywall } from '../paywall/paywall.js';
import type { PaymentSummary } from '../paywall/settle/chargedField.js';
import { withPayment } from '../paywall/settle/withPayment.js';
import { UNWATCHED } from '../paywall/runWatch.js';
import type { OperationWatch } from '../paywall/runWatch.js';
import { GRAPHQL_RESPONSE_JSON } from '../http/preferredType.js';
import { cacheHeaders, responseHead } from '../http/responseHead.js';
import type { ResponseHead } from '../http/responseHead.js';
import { idempotencyKeyOf, keyedSubscription } from '../http/idempotencyKeyOf.js';
import { isGated } from '../paywall/gate/isGated.js';
import { noteCharged } from './stringifyResult.js';

type Context = GraphQLRequestContext<PaywallContext>;
type Response = Context['response'];
type Body = NonNullable<Response['body']>;

/** The context value must hold what `callerContext` gives. */
export const tollgatePlugin = (paywall: Paywall): ApolloServerPlugin<PaywallContext> => ({
  // The author's own schema would run its paid resolvers for everybody, and then send nothing of what they did.
  serverWillStart: ({ schema }) =>
    isGated(schema, paywall.engine.priced.requirements.paid)
      ? Promise.resolve()
      : Promise.reject(
          new Error('This server serves a schema that has no paywall in it. Write `schema: paywall.schema`.'),
        ),
  requestDidStart: ({ contextValue }) => Promise.resolve(listenerOf(paywall, contextValue)),
});

const listenerOf = (paywall: Paywall, contextValue: PaywallContext): GraphQLRequestListener<PaywallContext> => {
  const { caller, request: ids, watch = UNWATCHED, isGone } = operationContextOf(contextValue);
  let opening: Opening | null = null;
  let origin: DataOrigin = 'ELSEWHERE';
  return {
    async didResolveOperation({ document, operation: definition, request, contextValue, requestIsBatched }) {
      if (definition !== undefined) watch.began(definition);
      // The name that was asked for: Apollo's own is null where the document has no such operation.
      const { variables, operationName, http, extensions } = request;
      const sentKey = idempotencyKeyOf(http?.headers.get('idempotency-key'), extensions?.['idempotencyKey'], {
        isBatch: requestIsBatched,
      });
      const isSubscription = definition?.operation === OperationTypeNode.SUBSCRIPTION;
      const key = sentKey !== null && isSubscription ? keyedSubscription() : sentKey;
      const operation = { document, operationName, variables, caller, contextValue, watch, request: ids, isGone };
      const isKeyUnsound = key instanceof GraphQLError;
      opening =
        isKeyUnsound && caller.barred === null
          ? { kind: 'invalid', errors: [key] }
          : await paywall.open({ ...operation, idempotencyKey: isKeyUnsound ? null : key });
    },

    async responseForOperation() {
      if (opening === null || opening.kind === 'open' || opening.kind === 'free') return null;
      // `willSendResponse` puts the answer in its place: in the mean time it need only be something.
      return { body: { kind: 'single', singleResult: {} }, http: { headers: new HeaderMap() } };
    },

    async executionDidStart() {
      origin = 'EXECUTED';
      return watch.during === null ? undefined : { executionDidEnd: beginRun(watch.during) };
    },

    async willSendResponse({ response, request, requestIsBatched }) {
      const accept = request.http?.headers.get('accept');
      // A document that is not valid never gets as far as an operation, and 401 comes before 400. Another plug-in may
      // have answered, out of a cache say, what is to be answered otherwise.
      const barred = opening === null ? paywall.barred(caller, ids) : null;
      if (barred !== null) {
        barred.record();
        opening = barred.answer;
      }
      let head: ResponseHead | null = null;
      try {
        if (opening !== null) head = await send(response, opening, { accept, origin });
      } finally {
        watch.answered(resultOf(response), opening?.kind === 'replay');
      }
      // The operations of a batch share one head, and what is true of one is not true of all, but for a key in that head.
      const isKeyedBatch = requestIsBatched && request.http?.headers.has('idempotency-key') === true;
      if (requestIsBatched && !isKeyedBatch) delete response.http.status;
      else setHead(response, head ?? AS_IT_IS);
      // Whoever sends a key may get what others don't, `billing` for one; without, only what is paid is anybody's own.
      const isOwn = caller.key !== 'MISSING' || (opening !== null && opening.kind !== 'free');
      if (request.http?.method === 'GET') addCacheHeaders(response, isOwn);
    },
  };
};

/** Apollo tells of the run when it begins and when it ends. */
const beginRun = (during: NonNullable<OperationWatch['during']>): (() => Promise<void>) => {
  let end = (): void => undefined;
  const run = during('run', () => new Promise<void>((resolve) => (end = resolve)));
  return async () => {
    end();
    await run;
  };
};

const bodyOf = (errors: readonly GraphQLError[]): Body => ({
  kind: 'single',
  singleResult: { errors: errors.map((error) => error.toJSON()) },
});

const AS_IT_IS: ResponseHead = { status: 200, headers: {} };

const setHead = ({ http }: Response, { status, headers }: ResponseHead): void => {
  // A status that another plug-in has chosen stands where ours is none but the usual one.
  if (status !== 200) http.status = status;
  for (const [name, value] of Object.entries(headers)) http.headers.set(name, value);
  // Clients that ask for plain JSON read the errors of a 4xx only if its type says that it is GraphQL's.
  if (http.status !== undefined && http.status >= 400) http.headers.set('content-type', GRAPHQL_RESPONSE_JSON);
};

const addCacheHeaders = ({ http: { headers } }: Response, isOwn: boolean): void => {
  for (const [name, value] of Object.entries(cacheHeaders({ isOwn }))) {
    if (!headers.has(name)) headers.set(name, value);
  }
};

interface Sending {
  readonly accept: string | undefined;
  readonly origin: DataOrigin;
}

/** A response in parts is settled for what its first part has: nothing that comes later can be captured. */
const resultOf = ({ body }: Response) => (body?.kind === 'single' ? body.singleResult : body?.initialResult) ?? {};

/** Puts into the response what is to be sent, and gives its head; `null`: the head that Apollo gives it. */
const send = async (
  response: Response,
  opening: Opening,
  { accept, origin }: Sending,
): Promise<ResponseHead | null> => {
  const executed = resultOf(response);
  const { withheld, payment, giveBack } = await conclude(opening, () => executed, origin);
  switch (opening.kind) {
    case 'invalid':
    case 'refused':
      response.body = bodyOf(opening.errors);
      return responseHead(opening);
    case 'replay':
      response.body = { kind: 'single', singleResult: { ...opening.response } };
      return responseHead(opening.response, { accept, isReplay: true });
    case 'free':
    case 'open':
  }
  if (withheld !== null) {
    response.body = bodyOf([withheld]);
    return responseHead({ errors: [withheld] });
  }
  const unavailable = executed.errors?.filter(isUnavailable) ?? [];
  if (executed.data === null && executed.errors !== undefined && unavailable.length > 0) {
    // Nothing was delivered, so the answer may be what it is: the store is away.
    response.body = { kind: 'single', singleResult: { errors: executed.errors } };
    return responseHead({ errors: unavailable });
  }
  if (payment === null || executed.data == null || response.body === undefined) return null;
  if (giveBack !== null) noteCharged(executed.data, giveBack);
  response.body = paidBody(response.body, payment);
  // Apollo would answer 406 in place of what was just charged, where the client accepts no JSON.
  return response.body.kind === 'single' ? responseHead(executed, { accept }) : null;
};

const isUnavailable = ({ extensions }: GraphQLFormattedError): boolean =>
  extensions?.['code'] === 'SERVICE_UNAVAILABLE';

const paidBody = (body: Body, payment: PaymentSummary): Body => {
  if (body.kind === 'single') return { kind: 'single', singleResult: withPayment(body.singleResult, payment) };
  const { initialResult } = body;
  return { ...body, initialResult: { ...initialResult, ...withPayment(initialResult, payment) } };
};

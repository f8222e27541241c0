/**
 * Mutations by which whoever was refused pays. They are free, speak of the caller's own account alone, and charge nothing
 * themselves: people pay at the provider's.
 */
import { GraphQLError } from 'graphql';
import { badInput, OperatorError } from '../admin/operatorError.js';
import type { Caller } from '../accounts/caller.js';
import { packId, planId } from '../domain/ids.js';
import type { AccountId } from '../domain/ids.js';
import type { Wanted } from '../domain/offer.js';
import type { MutationCheckoutArgs, Resolvers } from '../generated/billingTypes.js';
import type { PaywallContext } from '../paywall/callerContext.js';
import { counterOf } from './paymentDesk.js';
import type { PaymentCounter } from './paymentDesk.js';

/** The scope that a key needs for them, if it has scopes. */
const SCOPE = 'billing';

interface Paying {
  readonly accountId: AccountId;
  readonly counter: PaymentCounter;
}

const payingOf = ({ tollgate: { caller, paywall } }: PaywallContext): Paying => {
  const accountId = accountOf(caller);
  const counter = counterOf(paywall.engine);
  if (counter === null) {
    throw new OperatorError('NOT_FOUND', 'This server takes no payments. Ask whoever runs it.');
  }
  return { accountId, counter };
};

const accountOf = ({ accountId, scopes }: Caller): AccountId => {
  if (accountId === null) {
    throw new GraphQLError('Send an API key in the header "Authorization: Bearer <key>": it says who pays.', {
      extensions: { code: 'UNAUTHENTICATED', reason: 'KEY_REQUIRED' },
    });
  }
  if (scopes !== null && !scopes.includes(SCOPE)) {
    throw new OperatorError('FORBIDDEN', `This API key may not pay: it lacks the scope "${SCOPE}".`);
  }
  return accountId;
};

const wantedOf = ({ plan, pack, credits }: MutationCheckoutArgs): Wanted => {
  const given = [plan, pack, credits].filter((each) => each != null);
  if (given.length !== 1) throw badInput('plan', 'is to be given, or "pack", or "credits": one of the three.');
  if (plan != null) return { kind: 'PLAN', planId: planId(plan) };
  if (pack != null) return { kind: 'PACK', packId: packId(pack) };
  return { kind: 'CREDITS', credits: credits ?? 0 };
};

const returnUrlOf = ({ mayReturnTo }: PaymentCounter, url: string | null | undefined): string | null => {
  if (url == null) return null;
  if (!mayReturnTo(url))
    throw badInput('returnUrl', 'is no address of this server, nor of an origin that it was told of.');
  return url;
};

/** What can't be done is answered as such, as in the admin API. */
const answered = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const { code, argument } = error;
    throw new GraphQLError(error.message, { extensions: { code, ...(argument === null ? {} : { argument }) } });
  }
};

/** Whatever the author says of the type that they are in: who is refused must be able to pay. */
const FREE = { extensions: { directives: { free: {} } } };

/** Merge them with the resolvers of your own schema, beside `billingResolvers`. */
export const paymentResolvers: Resolvers = {
  Mutation: {
    checkout: {
      ...FREE,
      resolve: (_root, args, context) =>
        answered(async () => {
          const { accountId, counter } = payingOf(context);
          const { refusalId = null, returnUrl, idempotencyKey = null } = args;
          const asked = { accountId, wanted: wantedOf(args), refusalId, idempotencyKey };
          return counter.desk.checkout({ ...asked, returnUrl: returnUrlOf(counter, returnUrl) });
        }),
    },
    billingPortal: {
      ...FREE,
      resolve: (_root, { flow, plan, returnUrl }, context) =>
        answered(async () => {
          const { accountId, counter } = payingOf(context);
          if ((flow === 'CHANGE_PLAN') !== (plan != null)) throw badInput('plan', 'goes with the flow CHANGE_PLAN.');
          const to = plan == null ? null : planId(plan);
          return counter.desk.portal({ accountId, aim: flow, planId: to, returnUrl: returnUrlOf(counter, returnUrl) });
        }),
    },
    setAutoTopUp: {
      ...FREE,
      resolve: (_root, { autoTopUp }, context) =>
        answered(async () => {
          const { accountId, counter } = payingOf(context);
          if (autoTopUp == null) return counter.desk.setAutoTopUp(accountId, null);
          const { belowCredits, pack, purchasesPerMonthMax } = autoTopUp;
          return counter.desk.setAutoTopUp(accountId, { belowCredits, purchasesPerMonthMax, packId: packId(pack) });
        }),
    },
  },
};

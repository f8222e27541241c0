/**
 * Where `remedyUrl` leads: the page of one refusal. Whoever has its address may pay for the account that was refused, and
 * learns nothing else of it.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loadStanding } from '../../accounts/accountStanding.js';
import { OperatorError } from '../../admin/operatorError.js';
import { findRefusalNow } from '../../api/admin/diagnose.js';
import { packsOnSale } from '../../api/packsOnSale.js';
import { counterOf } from '../../api/paymentDesk.js';
import type { PaymentDesk } from '../../api/paymentDesk.js';
import type { AccountId } from '../../domain/ids.js';
import { reasonOf } from '../../domain/diagnosis.js';
import { remedyOptionId, remedyOptions } from '../../domain/remedyOptions.js';
import type { RemedyOption } from '../../domain/remedyOptions.js';
import type { RefusalReason } from '../../domain/refusal.js';
import type { RefusalRecord } from '../../domain/refusalRecord.js';
import { stateAt } from '../../domain/subscription.js';
import type { Engine } from '../../paywall/engine.js';
import { fieldOf, takeForms } from './forms.js';
import { sendPage } from './htmlPage.js';
import { NO_REFUSAL, refusalPage } from './refusalPage.js';

export interface RefusalPages {
  readonly engine: Engine;
  readonly logger: FastifyBaseLogger;
  /** Where this server is reached, for the way back. */
  readonly serverUrl: () => string;
}

interface ById {
  readonly Params: { readonly id: string };
}

export const refusalRoutes = (server: FastifyInstance, pages: RefusalPages): void => {
  void server.register(async (scope) => {
    takeForms(scope);
    scope.get<ById>('/refusals/:id', async (request, reply) => {
      const record = await find(pages, request.params.id);
      if (record === null) return sendPage(reply, NO_REFUSAL);
      const isBack = new URLSearchParams(request.url.split('?')[1]).has('back');
      const fault = isBack ? await lookForPayment(pages, record) : null;
      return show(pages, record, reply, { isBack, fault });
    });
    scope.post<ById>('/refusals/:id', async (request, reply) => {
      const record = await find(pages, request.params.id);
      return record === null ? sendPage(reply, NO_REFUSAL) : carryOut(pages, record, request, reply);
    });
  });
};

/** What this process has noted and not written yet is found as well. */
const find = async ({ engine }: RefusalPages, id: string): Promise<RefusalRecord | null> => {
  await engine.refusals.flush();
  const [record = null] = await engine.store.findRefusals([id]);
  return record;
};

/** Whoever comes back from paying may be here before the provider has told of it. Answers what did not work out. */
const lookForPayment = async (
  { engine, logger }: RefusalPages,
  { accountId }: RefusalRecord,
): Promise<string | null> => {
  const counter = counterOf(engine);
  if (counter === null || accountId === null) return null;
  try {
    const { failures, failure } = await counter.desk.reconcile(accountId);
    if (failures === 0) return null;
    logger.error({ failure }, 'A payment could not be looked for');
    return NOT_ASKED;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return error.message;
  }
};

const NOT_ASKED =
  'The payment provider can’t be asked at the moment. What was paid counts as soon as it can: load this page again.';

interface Ways {
  readonly reasonsNow: readonly RefusalReason[];
  readonly options: readonly RemedyOption[];
}

const waysOf = async ({ engine }: RefusalPages, record: RefusalRecord): Promise<Ways> => {
  const now = engine.settings.now();
  const { nows, terms: found } = await findRefusalNow({ engine, now, keyRequestsPerMinute: null }, record);
  const refused = nows.flatMap((finding) => {
    const reason = reasonOf(finding);
    return reason === null ? [] : [{ reason, feature: finding.feature, plans: finding.plans }];
  });
  const reasonsNow = refused.map(({ reason }) => reason);
  const counter = counterOf(engine);
  const { accountId } = record;
  if (counter === null || accountId === null || refused.length === 0) return { reasonsNow, options: [] };
  const [standing, packs] = await Promise.all([loadStanding(engine, accountId, now), engine.store.findPacks()]);
  const { subscription, plan, offers } = standing;
  const state = subscription === null ? null : stateAt(subscription, plan, now);
  const { provider } = counter.desk;
  const known = { provider, subscription, state, plan, offers, packs: packsOnSale(packs), shortfall: found.shortfall };
  return { reasonsNow, options: remedyOptions(refused, known) };
};

interface Shown {
  readonly isBack?: boolean;
  readonly fault?: string | null;
  readonly status?: number;
}

const show = async (
  pages: RefusalPages,
  record: RefusalRecord,
  reply: FastifyReply,
  { isBack = false, fault = null, status = 200 }: Shown,
): Promise<FastifyReply> => {
  const ways = await waysOf(pages, record);
  // Providers have their pages where they like; the sandbox has them here.
  const formsLeadTo = counterOf(pages.engine)?.desk.provider === 'sandbox' ? [] : ['https:'];
  const { refusals } = record;
  const page = refusalPage({ refusals, ...ways, key: randomUUID(), isBack, fault, formsLeadTo });
  return sendPage(reply, { ...page, status });
};

const RETRY_AFTER_SECONDS = 30;

const carryOut = async (
  pages: RefusalPages,
  record: RefusalRecord,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const counter = counterOf(pages.engine);
  const { options } = await waysOf(pages, record);
  const option = options.find((each) => remedyOptionId(each) === fieldOf(request, 'option'));
  // What it asked for is no longer what helps, or was never on the page.
  if (option === undefined || counter === null || record.accountId === null) return show(pages, record, reply, {});
  const returnUrl = `${pages.serverUrl()}/refusals/${record.id}?back`;
  const ordered = { accountId: record.accountId, refusalId: record.id, returnUrl, key: fieldOf(request, 'key') };
  const fault = await pageToPayOn(counter.desk, option, ordered).then(
    (url) => {
      void reply.redirect(url, 303);
      return null;
    },
    (error: unknown) => {
      if (error instanceof OperatorError) return error;
      throw error;
    },
  );
  if (fault === null) return reply;
  const isAway = fault.code === 'SERVICE_UNAVAILABLE';
  if (isAway) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  return show(pages, record, reply, { fault: fault.message, status: isAway ? 503 : 200 });
};

interface Ordered {
  readonly accountId: AccountId;
  readonly refusalId: string;
  readonly returnUrl: string;
  readonly key: string;
}

const pageToPayOn = async (
  desk: PaymentDesk,
  option: RemedyOption,
  { accountId, refusalId, returnUrl, key }: Ordered,
): Promise<string> => {
  const toPortal = { accountId, returnUrl, planId: null };
  switch (option.kind) {
    case 'UPDATE_PAYMENT_METHOD':
      return (await desk.portal({ ...toPortal, aim: option.kind })).url;
    case 'CHANGE_PLAN':
      return (await desk.portal({ ...toPortal, aim: option.kind, planId: option.plan.id })).url;
    case 'PACK':
    case 'SUBSCRIBE': {
      const wanted =
        option.kind === 'PACK'
          ? { kind: option.kind, packId: option.pack.id }
          : { kind: 'PLAN' as const, planId: option.plan.id };
      const idempotencyKey = key === '' ? null : `${refusalId}/${key}`;
      const { checkout } = await desk.checkout({ accountId, wanted, refusalId, returnUrl, idempotencyKey });
      if (checkout === null) throw new OperatorError('CONFLICT', 'This was paid already. Load the page again.');
      return checkout.url;
    }
  }
};

/**
 * A purchase is written before its page is given out, so that whatever is paid there is known. An account and its key name
 * one purchase: ten clicks on one button are one.
 */
import { isCredits } from '../../domain/credits.js';
import { purchaseId } from '../../domain/ids.js';
import type { AccountId, PurchaseId } from '../../domain/ids.js';
import { unreachable } from '../../domain/invariant.js';
import { priceOfCredits } from '../../domain/offer.js';
import type { CreditPrice, Pack, Wanted } from '../../domain/offer.js';
import type { Plan } from '../../domain/plan.js';
import type { Purchase } from '../../domain/purchase.js';
import { effectiveAt, hasHadTrial, stateAt } from '../../domain/subscription.js';
import { actOf } from '../acting.js';
import type { Acting } from '../acting.js';
import { carryOutWrites } from '../carryOut.js';
import { loadAccount, loadOffer, loadVersions } from '../loadCurrent.js';
import { badInput, OperatorError } from '../operatorError.js';
import { changedMeanwhile, written } from '../writeAll.js';
import { findPackOnSale } from './packs.js';

export interface NewPurchase {
  readonly accountId: AccountId;
  /** As in `stripe`. */
  readonly provider: string;
  readonly wanted: Wanted;
  /** Of any number of credits; `null`: they are not sold so. */
  readonly creditPrice: CreditPrice | null;
  readonly refusalId: string | null;
  readonly origin: Purchase['origin'];
}

/** The offer as it was bought, for a provider's page. */
export type PurchaseOffer =
  | { readonly kind: 'PLAN'; readonly plan: Plan; readonly withTrial: boolean }
  | { readonly kind: 'PACK'; readonly pack: Pack }
  | { readonly kind: 'CREDITS' };

export interface OpenedPurchase {
  readonly purchase: Purchase;
  readonly offer: PurchaseOffer;
}

type Terms = Pick<Purchase, 'bought' | 'credits' | 'price' | 'expiresAfterDays'>;

/** `key` `null`: a purchase of its own each time. */
export const openPurchase = async (acting: Acting, args: NewPurchase, key: string | null): Promise<OpenedPurchase> => {
  const { bank, now } = acting;
  const seed = key === null ? [bank.settings.newId()] : ['purchase', args.accountId, key];
  const id = purchaseId(actOf(seed, now).idOf('purchase'));
  const before = await findPurchase(acting, id);
  const purchase = before ?? (await openOnce(acting, args, id));
  if (!isSameWanted(args, purchase)) {
    throw new OperatorError('CONFLICT', 'This idempotencyKey was used for another purchase.', 'idempotencyKey');
  }
  return { purchase, offer: await loadOfferOf(acting, purchase) };
};

const findPurchase = async ({ bank }: Acting, id: PurchaseId): Promise<Purchase | null> =>
  (await bank.store.findPayments('purchases', [id]))[0] ?? null;

const openOnce = async (acting: Acting, args: NewPurchase, id: PurchaseId): Promise<Purchase> => {
  try {
    return await open(acting, args, id);
  } catch (error) {
    // Another click was first: it is the same purchase.
    const first = error instanceof OperatorError && error.code === 'CONFLICT' ? await findPurchase(acting, id) : null;
    if (first === null) throw error;
    return first;
  }
};

const open = (acting: Acting, args: NewPurchase, id: PurchaseId): Promise<Purchase> =>
  carryOutWrites(acting, null, {
    verb: 'openPurchase',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ now }) => {
      const { accountId, provider, refusalId, origin } = args;
      const account = await loadAccount(acting.bank, accountId);
      if (account.suspendedAt !== null) {
        throw new OperatorError('CONFLICT', 'This account is suspended: paying would not help.', 'accountId');
      }
      const opened: Purchase = {
        id,
        accountId,
        provider,
        ...(await termsOf(acting, args)),
        origin,
        refusalId,
        createdAt: now,
        status: 'OPEN',
        checkout: null,
        paymentId: null,
        subscriptionId: null,
        paidAt: null,
        money: { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 },
        shortfall: 0,
        version: 0,
      };
      const purchase = written(opened);
      return {
        writes: [{ kind: 'purchase', record: opened, lost: changedMeanwhile('idempotencyKey') }],
        change: { target: `account/${accountId}`, before: null, after: purchase },
        answer: purchase,
      };
    },
  });

const termsOf = async (acting: Acting, { accountId, wanted, creditPrice }: NewPurchase): Promise<Terms> => {
  switch (wanted.kind) {
    case 'PLAN':
      return termsOfPlan(acting, accountId, wanted.planId);
    case 'PACK': {
      const pack = await findPackOnSale(acting.bank, wanted.packId);
      if (pack === null) throw new OperatorError('NOT_FOUND', 'No such pack is on sale.', 'packId');
      const { id, version, credits, price, expiresAfterDays } = pack;
      return { bought: { kind: 'PACK', packId: id, packVersion: version }, credits, price, expiresAfterDays };
    }
    case 'CREDITS':
      return termsOfCredits(creditPrice, wanted.credits);
    default:
      return unreachable(wanted);
  }
};

const termsOfCredits = (creditPrice: CreditPrice | null, credits: number): Terms => {
  if (creditPrice === null) throw badInput('credits', 'can’t be: credits are sold in packs alone.');
  const price = isCredits(credits) && credits > 0 ? priceOfCredits(creditPrice, credits) : null;
  if (price === null) throw badInput('credits', 'must be a whole number from 1, and its price one too.');
  return { bought: { kind: 'CREDITS' }, credits, price, expiresAfterDays: null };
};

/** Another plan for a subscription that a provider keeps is a change of it there, and no second one. */
const termsOfPlan = async ({ bank, now }: Acting, accountId: AccountId, planId: string): Promise<Terms> => {
  const plan = await loadOffer(bank, planId);
  const [stored = null] = await bank.store.findSubscriptions([accountId]);
  const current = stored === null ? null : effectiveAt(stored, now);
  if (current?.keptBy != null) {
    const versions = await loadVersions(bank, current.planId);
    const own = versions.find(({ version }) => version === current.planVersion) ?? null;
    const state = stateAt(current, own, now);
    if (state !== 'CANCELED' && state !== 'EXPIRED') {
      const message = `The account has a subscription at ${current.keptBy.provider}. Change it there, with billingPortal.`;
      throw new OperatorError('CONFLICT', message, 'planId');
    }
  }
  const withTrial = plan.trialDays > 0 && (current === null || !hasHadTrial(current, now));
  return {
    bought: { kind: 'PLAN', planId: plan.id, planVersion: plan.version, withTrial },
    credits: 0,
    price: plan.price,
    expiresAfterDays: null,
  };
};

const isSameWanted = ({ wanted }: NewPurchase, { bought, credits }: Purchase): boolean => {
  switch (wanted.kind) {
    case 'PLAN':
      return bought.kind === 'PLAN' && bought.planId === wanted.planId;
    case 'PACK':
      return bought.kind === 'PACK' && bought.packId === wanted.packId;
    case 'CREDITS':
      return bought.kind === 'CREDITS' && credits === wanted.credits;
    default:
      return unreachable(wanted);
  }
};

/** Versions are never changed, so that what was offered once is offered still. */
const loadOfferOf = async ({ bank }: Acting, { bought }: Purchase): Promise<PurchaseOffer> => {
  if (bought.kind === 'CREDITS') return { kind: 'CREDITS' };
  if (bought.kind === 'PACK') {
    const pack = (await bank.store.findPacks()).find(
      ({ id, version }) => id === bought.packId && version === bought.packVersion,
    );
    if (pack === undefined) throw new OperatorError('CONFLICT', 'The version of this pack can’t be found.', 'packId');
    return { kind: 'PACK', pack };
  }
  const plan = (await loadVersions(bank, bought.planId)).find(({ version }) => version === bought.planVersion);
  if (plan === undefined) throw new OperatorError('CONFLICT', 'The version of this plan can’t be found.', 'planId');
  return { kind: 'PLAN', plan, withTrial: bought.withTrial };
};

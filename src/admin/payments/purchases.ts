/**
 * What becomes of a purchase. Whoever has fetched a provider's object names the purchase as it was read before: where
 * another write was first, the object may be the older one, and is fetched again.
 */
import { signedBy } from '../../domain/act.js';
import { purchaseId } from '../../domain/ids.js';
import { projectPurchase } from '../../domain/projectPurchase.js';
import type { ProvidedPayment } from '../../domain/provided.js';
import type { Purchase } from '../../domain/purchase.js';
import type { Bank } from '../../accounts/bank.js';
import { settlePurchase } from '../../ledger/settlePurchase.js';
import { actOf } from '../acting.js';
import type { Acting } from '../acting.js';
import { carryOut, recordDone } from '../carryOut.js';
import { badInput, OperatorError } from '../operatorError.js';
import { areSaved, purchasesIn } from '../writeAll.js';

/** `RACED`: somebody else wrote it meanwhile. Read it, fetch the provider's object, and come again. */
export type Settled<Record> = { readonly outcome: 'RACED' } | Settlement<Record>;

export interface Settlement<Record> {
  readonly outcome: 'SETTLED';
  readonly record: Record;
  /** Whether anything was new. */
  readonly isChanged: boolean;
}

/** The purchase that a provider's payment is of; `null`: none of ours. */
export const findPurchaseOf = async (
  { store }: Bank,
  provider: string,
  payment: Pick<ProvidedPayment, 'purchaseId' | 'id' | 'checkoutId'>,
): Promise<Purchase | null> => {
  const named = payment.purchaseId === null ? null : await findPurchase(store, payment.purchaseId);
  if (named !== null) return named.provider === provider ? named : null;
  const { id, checkoutId } = payment;
  const paid = id === null ? null : await store.findPurchaseOf(provider, { kind: 'PAYMENT', id });
  if (paid !== null || checkoutId === null) return paid;
  return store.findPurchaseOf(provider, { kind: 'CHECKOUT', id: checkoutId });
};

const findPurchase = async (store: Bank['store'], id: string): Promise<Purchase | null> =>
  (await store.findPayments('purchases', [id]))[0] ?? null;

/** Saves a purchase that nobody changed meanwhile; `null`: somebody did. */
const save = async ({ bank }: Acting, purchase: Purchase): Promise<Purchase | null> => {
  const { id } = actOf([bank.settings.newId()], bank.settings.now());
  const [isSaved] = await areSaved([purchase], id, purchasesIn(bank));
  return isSaved === true ? { ...signedBy(purchase, id), version: purchase.version + 1 } : null;
};

/** What an audit entry repeats: an address where somebody can pay is theirs alone. */
const audited = ({ checkout, ...purchase }: Purchase) => ({ ...purchase, checkoutId: checkout?.id ?? null });

const changeOf = (before: Purchase, after: Purchase) => ({
  target: `account/${after.accountId}`,
  before: audited(before),
  after: audited(after),
});

/** Notes the provider's page. The first one stays: under its key a provider makes one. */
export const attachCheckout = async (
  acting: Acting,
  purchase: Purchase,
  checkout: NonNullable<Purchase['checkout']>,
): Promise<Purchase> => {
  let current = purchase;
  while (current.checkout === null) {
    const saved = await save(acting, { ...current, checkout });
    if (saved !== null) return saved;
    current = await reload(acting, current);
  }
  return current;
};

const reload = async ({ bank }: Acting, { id }: Purchase): Promise<Purchase> => {
  const purchase = await findPurchase(bank.store, id);
  if (purchase === null) throw new OperatorError('NOT_FOUND', 'There is no such purchase.', 'purchaseId');
  return purchase;
};

/**
 * Writes what the provider's payment says now, and brings the wallet to what is due. `purchase` as it was read before the
 * payment was fetched. What changes nothing is settled all the same: somebody may have been cut off before the wallet.
 */
export const settlePayment = async (
  acting: Acting,
  purchase: Purchase,
  payment: ProvidedPayment,
): Promise<Settled<Purchase>> => {
  const projected = projectPurchase(purchase, payment, acting.bank.settings.now());
  const isNew = projected !== purchase;
  const saved = isNew ? await save(acting, projected) : purchase;
  if (saved === null) return { outcome: 'RACED' };
  const { record, isChanged } = await settleWallet(acting, saved);
  if (isNew || isChanged) {
    const args = { purchaseId: purchase.id, payment: { ...payment } };
    await recordDone(acting, { verb: 'settlePayment', args }, changeOf(purchase, record));
  }
  return { outcome: 'SETTLED', record, isChanged: isNew || isChanged };
};

/** Brings the wallet to what is due for the purchase as it is stored, and notes what could not be taken back. */
const settleWallet = async (acting: Acting, purchase: Purchase): Promise<Settlement<Purchase>> => {
  if (purchase.credits === 0) return { outcome: 'SETTLED', record: purchase, isChanged: false };
  let isChanged = false;
  for (;;) {
    const settled = await settlePurchase(acting.bank.keeper, purchase.accountId, purchase.id);
    if (settled === null) throw new OperatorError('NOT_FOUND', 'There is no such purchase.', 'purchaseId');
    isChanged ||= settled.credits !== 0;
    const { purchase: stored, shortfall } = settled;
    if (stored.shortfall === shortfall) return { outcome: 'SETTLED', record: stored, isChanged };
    const saved = await save(acting, { ...stored, shortfall });
    if (saved !== null) return { outcome: 'SETTLED', record: saved, isChanged: true };
  }
};

/** Credits that were held when they were due back may be free by now. */
export const settleShortfall = async (acting: Acting, purchase: Purchase): Promise<Purchase> => {
  const { record, isChanged } = await settleWallet(acting, purchase);
  if (isChanged) {
    await recordDone(acting, { verb: 'settlePayment', args: { purchaseId: purchase.id } }, changeOf(purchase, record));
  }
  return record;
};

export interface MoneyBack {
  readonly purchaseId: string;
  /** `null`: all that is left. */
  readonly amountMinor: number | null;
}

/** What is asked of the provider: under its key it is done once. */
export interface RefundOrder {
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly key: string;
}

interface RefundIntent {
  readonly purchase: Purchase;
  readonly order: RefundOrder;
}

/**
 * Gives money back through `give`. Purchase and wallet follow when the payment is settled, as after a refund that was made
 * at the provider itself.
 */
export const refundPurchase = (
  acting: Acting,
  args: MoneyBack,
  key: string,
  give: (order: RefundOrder) => Promise<void>,
): Promise<RefundOrder> =>
  carryOut<RefundIntent, RefundOrder>(acting, key, {
    verb: 'refundPurchase',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ id }) => {
      const purchase = await findPurchase(acting.bank.store, purchaseId(args.purchaseId));
      if (purchase === null) throw new OperatorError('NOT_FOUND', 'There is no such purchase.', 'purchaseId');
      const { status, paymentId, money } = purchase;
      if (status !== 'PAID' || paymentId === null) {
        throw new OperatorError('CONFLICT', `Nothing was paid for this purchase: it is ${status}.`, 'purchaseId');
      }
      const left = money.paidMinor - money.refundedMinor - money.disputedMinor;
      const amountMinor = args.amountMinor ?? left;
      if (!Number.isSafeInteger(amountMinor) || amountMinor <= 0 || amountMinor > left) {
        throw badInput('amountMinor', `must be a whole number from 1 to what is left, ${left}.`);
      }
      return { purchase, order: { paymentId, amountMinor, key: `refund/${id}` } };
    },
    save: async ({ purchase, order }) => {
      await give(order);
      const after = { refunding: order.amountMinor };
      return {
        change: { target: `account/${purchase.accountId}`, before: audited(purchase), after },
        answer: order,
      };
    },
  });

/** The wallet's side of a purchase: its grant is brought to what is due for it as it is stored. */
import type { AccountId, PurchaseId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import { creditsDue, creditsExpireAt, grantOfPurchase } from '../domain/purchase.js';
import type { Purchase } from '../domain/purchase.js';
import { purchaseEntryId } from '../domain/settlePurchase.js';
import { applyCommand } from '../domain/walletCommand.js';
import type { Store } from '../store/store.js';
import { StoreError } from '../store/storeError.js';
import type { WalletKeeper } from './walletKeeper.js';

export interface SettledPurchase {
  /** As it was when the wallet was written. */
  readonly purchase: Purchase;
  /** By how many credits the balance changed. */
  readonly credits: number;
  /** What the grant can't give back. */
  readonly shortfall: number;
}

interface Loaded {
  readonly purchase: Purchase | null;
  readonly recorded: readonly LedgerEntry[];
}

/**
 * The purchase is read after the wallet that is written: of two who settle it at the same moment, the one that knows less
 * loses the race for the wallet, and reads it again. Resolves with `null` where there is no such purchase.
 */
export const settlePurchase = (
  keeper: WalletKeeper,
  accountId: AccountId,
  purchaseId: PurchaseId,
): Promise<SettledPurchase | null> =>
  keeper.apply<Loaded, SettledPurchase | null>(accountId, {
    load: async (store) => ({
      purchase: (await store.findPayments('purchases', [purchaseId]))[0] ?? null,
      recorded: await findSettlements(store, accountId, purchaseId),
    }),
    decide: (wallet, now, { purchase, recorded } = { purchase: null, recorded: [] }) => {
      if (purchase === null) return { wallet, outcome: null };
      const applied = applyCommand(
        wallet,
        {
          kind: 'settlePurchase',
          grantId: grantOfPurchase(purchase),
          target: creditsDue(purchase),
          expiresAt: creditsExpireAt(purchase),
          reason: reasonOf(purchase),
          recorded,
        },
        now,
      );
      if (applied.result.status === 'REFUSED') {
        throw new StoreError('FAILED', `Purchase ${purchaseId} can't be settled: ${applied.result.fault}.`);
      }
      const { credits, missing = 0 } = applied.result;
      return { wallet: applied.wallet, outcome: { purchase, credits, shortfall: missing } };
    },
  });

const reasonOf = ({ id, provider, money: { refundedMinor, disputedMinor } }: Purchase): string => {
  const back = disputedMinor > 0 ? ', in dispute' : refundedMinor > 0 ? ', refunded' : '';
  return `Purchase ${id}, paid through ${provider}${back}`;
};

/** Mostly one or two entries; a purchase that is refunded bit by bit has more. */
const ENTRIES_PER_READ = 16;

const findSettlements = async (store: Store, accountId: AccountId, id: PurchaseId): Promise<readonly LedgerEntry[]> => {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const ids = Array.from({ length: ENTRIES_PER_READ }, (_, index) =>
      purchaseEntryId(grantOfPurchase({ id }), entries.length + index),
    );
    const found = (await store.findLedgerEntries(accountId, ids)).filter((entry) => entry !== null);
    entries.push(...found);
    if (found.length < ids.length) return entries;
  }
};

/**
 * Buys a pack for an account whose credits fall below its threshold, with the card that it left, while nobody is there.
 * Whatever server finds that it is due names the same purchase, so that it is charged once; a card that can't be charged
 * stops it, visibly, until somebody sets it again.
 */
import { LRUCache } from 'lru-cache';
import { actingAs } from '../admin/acting.js';
import type { Acting } from '../admin/acting.js';
import { openPurchase } from '../admin/payments/openPurchase.js';
import { findPackOnSale } from '../admin/payments/packs.js';
import { findProviderLink, stopAutoTopUp } from '../admin/payments/providerLinks.js';
import { settlePayment } from '../admin/payments/purchases.js';
import type { Bank } from '../accounts/bank.js';
import { timeZoneOf } from '../domain/account.js';
import { autoTopUpDue } from '../domain/autoTopUp.js';
import type { TopUpDue } from '../domain/autoTopUp.js';
import type { AccountId } from '../domain/ids.js';
import { HOUR_MS } from '../domain/period.js';
import type { AutoTopUp, ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import { viewAt } from '../domain/walletView.js';
import type { Follower } from './follower.js';
import { ProviderError } from './paymentProvider.js';
import type { CardFault, PaymentProvider } from './paymentProvider.js';

/** How long it may take until another server learns that an account has set it, or set it otherwise. */
const KNOWN_MS = 60_000;
const KNOWN_MAX = 100_000;
/** More than a month can have. */
const PURCHASES = 250;
/** For as long a provider surely knows a charge by its key. */
const CHARGE_AGAIN_MS = 12 * HOUR_MS;

export class TopUps {
  /** 0, which no balance is below, where it is switched off. */
  readonly #thresholds: LRUCache<AccountId, number>;
  readonly #underWay = new Map<AccountId, Promise<void>>();

  constructor(
    private readonly bank: Bank,
    private readonly provider: PaymentProvider,
    private readonly follower: Follower,
    /** Goes on whatever the wall clock does. */
    uptimeMs: () => number = () => performance.now(),
  ) {
    this.#thresholds = new LRUCache({ max: KNOWN_MAX, ttl: KNOWN_MS, ttlResolution: 0, perf: { now: uptimeMs } });
  }

  /** After an operation was charged. Waits for nothing: most accounts have set no threshold, or are above it. */
  charged(accountId: AccountId, available: number): void {
    const threshold = this.#thresholds.get(accountId);
    if (threshold !== undefined && available >= threshold) return;
    void this.check(accountId).catch(this.bank.settings.onFailure);
  }

  /** What is set was changed here. */
  forget(accountId: AccountId): void {
    this.#thresholds.delete(accountId);
  }

  /** Buys what is due. One check at a time per account: whoever comes meanwhile gets that one. */
  check(accountId: AccountId): Promise<void> {
    const underWay = this.#underWay.get(accountId);
    if (underWay !== undefined) return underWay;
    const checking = this.#check(accountId).finally(() => this.#underWay.delete(accountId));
    this.#underWay.set(accountId, checking);
    return checking;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }

  async #check(accountId: AccountId): Promise<void> {
    const named = { provider: this.provider.name, accountId };
    const link = await findProviderLink(this.bank, named);
    const set = link?.autoTopUp ?? null;
    const wanted = set?.stopped === null ? set : null;
    this.#thresholds.set(accountId, wanted?.belowCredits ?? 0);
    if (wanted === null) return;
    const due = await this.#due(accountId, wanted);
    const acting = this.#acting();
    if (due?.due !== true) {
      if (due?.why === 'PACK_GONE') await stopAutoTopUp(acting, named, 'PACK_GONE');
      return;
    }
    const order = { ...named, wanted: { kind: 'PACK' as const, packId: due.pack.id }, creditPrice: null };
    const { purchase } = await openPurchase(acting, { ...order, refusalId: null, origin: 'AUTO_TOP_UP' }, due.key);
    await this.charge(purchase, { accountId, customerId: link?.customerId ?? null });
  }

  /** `null`: of an account that may not buy. */
  async #due(accountId: AccountId, settings: AutoTopUp): Promise<TopUpDue | null> {
    const { store } = this.bank;
    const now = this.bank.settings.now();
    const [[account], [wallet]] = await Promise.all([store.findAccounts([accountId]), store.findWallets([accountId])]);
    if (account?.suspendedAt !== null) return null;
    const page = { count: PURCHASES, after: null, isBackward: false };
    const available = wallet == null ? 0 : viewAt(wallet, now).available;
    const pack = await findPackOnSale(this.bank, settings.packId);
    const purchases = await store.findPurchasePage(accountId, page);
    return autoTopUpDue({ settings, available, pack, purchases, timeZone: timeZoneOf(account) }, now);
  }

  #acting(): Acting {
    return actingAs(this.bank, { kind: 'provider', name: this.provider.name, event: null });
  }

  /** Charges what was begun, or finds what became of it. A provider that is away leaves it open: it is tried again. */
  async charge(
    purchase: Purchase,
    { accountId, customerId }: Pick<ProviderLink, 'accountId' | 'customerId'>,
  ): Promise<void> {
    if (purchase.status !== 'OPEN') return;
    if (customerId === null) return this.#failed(purchase, 'NO_CARD');
    const { now } = this.bank.settings;
    if (now() - purchase.createdAt > CHARGE_AGAIN_MS) {
      // It may have been charged, and its key be forgotten: it is looked for, and never charged a second time.
      await this.follower.followAll(this.#acting(), accountId, customerId);
      return this.#give(purchase, 'EXPIRED');
    }
    try {
      const order = { purchaseId: purchase.id, accountId, customerId, price: purchase.price };
      const { payment, fault } = await this.provider.chargeOffSession(order);
      const id = payment?.id ?? null;
      if (id !== null) await this.follower.follow(this.#acting(), { kind: 'PAYMENT', id });
      if (fault !== null) await (id === null ? this.#failed(purchase, fault) : this.#stop(purchase, fault));
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.isFinal) throw error;
      await this.#failed(purchase, 'DECLINED');
    }
  }

  async #failed(purchase: Purchase, why: CardFault): Promise<void> {
    await this.#give(purchase, 'FAILED');
    await this.#stop(purchase, why);
  }

  async #stop({ accountId }: Purchase, why: CardFault): Promise<void> {
    await stopAutoTopUp(this.#acting(), { provider: this.provider.name, accountId }, why);
    this.forget(accountId);
  }

  /** Nothing was taken, and nothing will be: where somebody else knows more, that stays. */
  async #give(purchase: Purchase, status: 'FAILED' | 'EXPIRED'): Promise<void> {
    const [current] = await this.bank.store.findPayments('purchases', [purchase.id]);
    if (current?.status !== 'OPEN') return;
    const nothing = { id: null, checkoutId: null, customerId: null, paidAt: null, subscriptionId: null };
    const money = { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 };
    const { currency } = purchase.price;
    const payment = { kind: 'PAYMENT' as const, ...nothing, purchaseId: purchase.id, status, currency, money };
    await settlePayment(this.#acting(), current, payment);
  }
}

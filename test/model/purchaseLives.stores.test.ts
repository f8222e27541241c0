/**
 * Random lives of a purchase: paid, refunded in parts, disputed, won or lost, spent meanwhile, and each of it settled by two
 * processes that look late, twice, and not in its order. In the end the wallet has what is due less what was spent, what is
 * missing is the purchase's, and entries sum to the balance.
 */
import { describe, expect, it } from 'vitest';
import { createBank } from '../../src/accounts/bank.js';
import type { Bank } from '../../src/accounts/bank.js';
import { createAccount, publishPack } from '../../src/admin/library.js';
import { actingAs } from '../../src/admin/acting.js';
import { openPurchase } from '../../src/admin/payments/openPurchase.js';
import { findPurchaseOf, settlePayment } from '../../src/admin/payments/purchases.js';
import { accountId, holdId, packId } from '../../src/domain/ids.js';
import type { AccountId } from '../../src/domain/ids.js';
import type { ProvidedPayment } from '../../src/domain/provided.js';
import { creditsDue } from '../../src/domain/purchase.js';
import type { Purchase } from '../../src/domain/purchase.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import type { Store } from '../../src/store/store.js';
import { onEachStore } from '../support/onEachStore.js';
import { Dice, randomSteps, runsOf, seedOfRun } from '../support/domainRuns.js';
import { pack, providedPayment } from '../support/payments.js';

const STEPS = 24;

const acting = (bank: Bank) => actingAs(bank, { kind: 'provider', name: 'stripe', event: 'evt' });

/** The provider's truth of one payment. */
class Payment {
  status: ProvidedPayment['status'] = 'OPEN';
  refunded = 0;
  disputed = 0;

  constructor(readonly purchase: Purchase) {}

  /** One thing that happens there, if it can. */
  happen(dice: Dice): void {
    const paid = this.purchase.price.amountMinor;
    switch (dice.pick(['pay', 'refund', 'refund', 'dispute', 'win', 'fail'])) {
      case 'pay':
        this.status = 'PAID';
        return;
      case 'fail':
        if (this.status !== 'PAID') this.status = 'FAILED';
        return;
      case 'refund':
        if (this.status === 'PAID') this.refunded += dice.roll(1 + Math.max(0, paid - this.refunded - this.disputed));
        return;
      case 'dispute':
        if (this.status === 'PAID' && this.disputed === 0) this.disputed = paid - this.refunded;
        return;
      case 'win':
        this.disputed = 0;
    }
  }

  now(): ProvidedPayment {
    const isPaid = this.status === 'PAID';
    const paidMinor = isPaid ? this.purchase.price.amountMinor : 0;
    return providedPayment({
      id: `pi_${this.purchase.id}`,
      checkoutId: null,
      purchaseId: this.purchase.id,
      status: this.status,
      money: { paidMinor, refundedMinor: this.refunded, disputedMinor: this.disputed },
      paidAt: isPaid ? this.purchase.createdAt : null,
    });
  }
}

/** Reads, fetches and settles, as whoever follows an event does. */
const follow = async (bank: Bank, payment: Payment): Promise<void> => {
  for (;;) {
    const purchase = await findPurchaseOf(bank, 'stripe', payment.now());
    if (purchase === null) throw new Error('There is no purchase.');
    const { outcome } = await settlePayment(acting(bank), purchase, payment.now());
    if (outcome === 'SETTLED') return;
  }
};

const spend = (bank: Bank, account: AccountId, id: string, credits: number): Promise<number> =>
  bank.keeper.apply<void, number>(account, {
    decide: (wallet, now) => {
      const hold = holdId(id);
      const held = applyCommand(wallet, { kind: 'hold', id: hold, credits, units: [], expiresAt: now + 60_000 }, now);
      if (held.result.status === 'REFUSED') return { wallet, outcome: 0 };
      const lines = [{ coordinate: 'Query.a', credits }];
      const captured = applyCommand(held.wallet, { kind: 'capture', holdId: hold, lines, units: [] }, now);
      return { wallet: captured.wallet, outcome: credits };
    },
  });

const live = async (banks: readonly [Bank, Bank], store: Store, steps: readonly number[], name: string) => {
  const [bank] = banks;
  const account = accountId(name);
  await createAccount(bank, { id: name, name });
  const terms = {
    accountId: account,
    provider: 'stripe',
    creditPrice: null,
    refusalId: null,
    origin: 'CHECKOUT',
  } as const;
  const wanted = { kind: 'PACK', packId: packId('small') } as const;
  const opened = await Promise.all(
    [0, 1, 2].map(async (each) => openPurchase(acting(banks[each % 2 === 0 ? 0 : 1]), { ...terms, wanted }, 'click')),
  );
  const [first] = opened;
  if (first === undefined) throw new Error('There is no purchase.');
  expect(new Set(opened.map(({ purchase }) => purchase.id)).size).toBe(1);
  const payment = new Payment(first.purchase);
  const late: Promise<void>[] = [];
  let spent = 0;
  for (const [index, step] of steps.entries()) {
    const dice = new Dice(step);
    payment.happen(dice);
    const follower = banks[dice.roll(2)] ?? bank;
    if (dice.roll(4) > 0) late.push(follow(follower, payment));
    if (dice.roll(5) === 0) late.push(follow(bank, payment));
    if (dice.roll(3) === 0) await Promise.all(late.splice(0));
    spent += await spend(bank, account, `${name}-${index}`, 1 + dice.roll(200));
  }
  await Promise.all(late);
  await follow(banks[1], payment);
  const [stored] = await store.findPayments('purchases', [payment.purchase.id]);
  if (stored == null) throw new Error('There is no purchase.');
  const due = creditsDue(stored);
  const [wallet] = await store.findWallets([account]);
  const balance = wallet?.entrySum ?? 0;
  expect({ balance, shortfall: stored.shortfall }).toEqual({
    balance: Math.max(0, due - spent),
    shortfall: Math.max(0, spent - due),
  });
  const { money } = payment.now();
  expect(stored).toMatchObject({ status: payment.status, money });
  const entries = await store.findLedgerPage(account, { first: 1_000, before: null });
  expect(entries.reduce((sum, { credits }) => sum + credits, 0)).toBe(balance);
};

onEachStore(({ name, database }) => {
  describe(`lives of purchases on ${name}`, () => {
    const lives = runsOf(name === 'SQLite' ? 60 : 8);

    it(
      `${lives} of them end with what is due less what was spent, whoever looked when`,
      { timeout: 240_000 },
      async () => {
        const seed = seedOfRun('purchase lives');
        const { store, second, drop } = await database();
        const banks = [createBank({ store }), createBank({ store: await second() })] as const;
        await publishPack(banks[0], pack());
        for (let run = 0; run < lives; run += 1) {
          await live(banks, store, randomSteps(seed + run, STEPS), `life-${run}`);
        }
        for (const bank of banks) await bank.close();
        await drop();
      },
    );
  });
});

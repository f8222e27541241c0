/** A purchase's grant follows what is due, in whatever order payment, refund, dispute and its end are told. */
import { describe, expect, it } from 'vitest';
import { CREDITS_MAX } from '../../../src/domain/credits.js';
import { grantId } from '../../../src/domain/ids.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { INSTANT_MAX } from '../../../src/domain/period.js';
import type { SettlePurchaseCommand } from '../../../src/domain/settlePurchase.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { WalletCommand } from '../../../src/domain/walletCommand.js';
import { ALICE, capture, grant, hold, MINUTE_MS, NOW, refund, release, walletAfter } from '../../support/domain.js';

const settle = (target: number, changes: Partial<SettlePurchaseCommand> = {}): SettlePurchaseCommand => ({
  kind: 'settlePurchase',
  grantId: grantId('purchase/p'),
  target,
  expiresAt: null,
  reason: 'Purchase p',
  recorded: [],
  ...changes,
});

const after = (wallet: Wallet, command: WalletCommand, now = NOW) => applyCommand(wallet, command, now);
const spent = (id: string, credits: number): readonly WalletCommand[] => [hold(id, credits), capture(id, credits)];

describe('a purchase that is settled', () => {
  it('makes the grant once, and the same target again changes nothing', () => {
    const first = after(emptyWallet(ALICE), settle(100, { expiresAt: NOW + MINUTE_MS }));
    expect(first.result).toEqual({ status: 'APPLIED', credits: 100, missing: 0 });
    expect(first.entries).toEqual([
      {
        id: 'command/purchase/p/0',
        accountId: ALICE,
        seq: 1,
        at: NOW,
        kind: 'GRANT',
        credits: 100,
        grantId: 'purchase/p',
        reason: 'Purchase p',
        balanceAfter: 100,
        expiresAt: NOW + MINUTE_MS,
        priority: 0,
        content: first.wallet.grants[0]?.content,
      },
    ]);
    expect(first.wallet.grants).toMatchObject([{ id: 'purchase/p', granted: 100, remaining: 100, held: 0 }]);
    const again = after(first.wallet, settle(100));
    expect(again).toEqual({
      wallet: first.wallet,
      entries: [],
      result: { status: 'APPLIED', credits: 0, missing: 0 },
    });
  });

  it('gives nothing for a target of nothing', () => {
    const wallet = emptyWallet(ALICE);
    expect(after(wallet, settle(0))).toEqual({
      wallet,
      entries: [],
      result: { status: 'APPLIED', credits: 0, missing: 0 },
    });
  });

  it('takes what is left and says what is missing, and gives it back when a dispute is won', () => {
    const used = walletAfter(grant('other', 7, { priority: 5 }), settle(100), ...spent('h', 30));
    const disputed = after(used, settle(0));
    expect(disputed.result).toEqual({ status: 'APPLIED', credits: -70, missing: 30 });
    expect(disputed.entries).toMatchObject([
      { id: 'command/purchase/p/1', kind: 'ADJUST', credits: -70, reason: 'Purchase p', balanceAfter: 7 },
    ]);
    expect(after(disputed.wallet, settle(0)).result).toEqual({ status: 'APPLIED', credits: 0, missing: 30 });
    const won = after(disputed.wallet, settle(100));
    expect(won.result).toEqual({ status: 'APPLIED', credits: 70, missing: 0 });
    expect(won.entries).toMatchObject([{ id: 'command/purchase/p/2', kind: 'ADJUST', credits: 70, balanceAfter: 77 }]);
    expect(won.wallet.grants).toMatchObject([{ id: 'purchase/p', granted: 100, remaining: 70 }, { id: 'other' }]);
  });

  it('never takes what an operation holds, and takes it once it is free', () => {
    const held = walletAfter(settle(100), hold('h', 80));
    const refunded = after(held, settle(0));
    expect(refunded.result).toEqual({ status: 'APPLIED', credits: -20, missing: 80 });
    const freed = after(refunded.wallet, release('h')).wallet;
    expect(after(freed, settle(0)).result).toEqual({ status: 'APPLIED', credits: -80, missing: 0 });
  });

  it('gives no more than is missing after a refund in part, though the grant was used up and forgotten', () => {
    const ledger: LedgerEntry[] = [];
    let wallet = emptyWallet(ALICE);
    for (const command of [settle(100, { expiresAt: NOW + MINUTE_MS }), ...spent('h', 100), grant('x', 1)]) {
      const applied = after(wallet, command);
      ledger.push(...applied.entries);
      wallet = { ...applied.wallet, journal: [] };
    }
    expect(wallet.grants.map(({ id }) => id)).toEqual(['x']);
    const refunded = after(wallet, settle(60, { recorded: ledger }));
    expect(refunded).toEqual({ wallet, entries: [], result: { status: 'APPLIED', credits: 0, missing: 40 } });
    const more = after(wallet, settle(110, { recorded: ledger }));
    expect(more.result).toEqual({ status: 'APPLIED', credits: 10, missing: 0 });
    expect(more.wallet.grants).toMatchObject([
      { id: 'purchase/p', granted: 100, remaining: 10, expiresAt: NOW + MINUTE_MS, grantedAt: NOW },
      { id: 'x' },
    ]);
  });

  it('keeps the expiry that its first credits had, and gives and takes nothing once they have expired', () => {
    const ledger = after(emptyWallet(ALICE), settle(100, { expiresAt: NOW + MINUTE_MS })).entries;
    const late = NOW + MINUTE_MS;
    const wallet = after(emptyWallet(ALICE), grant('x', 1)).wallet;
    const down = after(wallet, settle(40, { recorded: ledger }), late);
    expect(down.result).toEqual({ status: 'APPLIED', credits: 0, missing: 60 });
    const up = after(wallet, settle(140, { recorded: ledger, expiresAt: null }), late);
    expect(up.result).toEqual({ status: 'APPLIED', credits: 0, missing: 0 });
    const bornLate = after(wallet, settle(100, { expiresAt: late }), late);
    expect(bornLate.entries).toEqual([]);
  });

  it('is where refunds of its charges go back to, also after it was forgotten', () => {
    const ledger: LedgerEntry[] = [];
    let wallet = emptyWallet(ALICE);
    for (const command of [settle(10), ...spent('h', 10), grant('x', 1)]) {
      const applied = after(wallet, command);
      ledger.push(...applied.entries);
      wallet = { ...applied.wallet, journal: [] };
    }
    const given = after(wallet, refund('r', 'h', 4, ledger)).wallet;
    expect(given.grants).toMatchObject([{ id: 'purchase/p', remaining: 4 }, { id: 'x' }]);
    const recorded = [...ledger, ...given.journal];
    expect(after(given, settle(0, { recorded })).result).toEqual({ status: 'APPLIED', credits: -4, missing: 6 });
  });

  it('refuses what is no target, and a balance that can’t be counted', () => {
    const wallet = walletAfter(grant('x', CREDITS_MAX));
    expect(after(wallet, settle(-1)).result).toEqual({ status: 'REFUSED', fault: 'AMOUNT_INVALID' });
    expect(after(wallet, settle(1)).result).toEqual({ status: 'REFUSED', fault: 'BALANCE_TOO_LARGE' });
    const beyond = settle(1, { expiresAt: INSTANT_MAX + 1 });
    expect(after(wallet, beyond).result).toEqual({ status: 'REFUSED', fault: 'DATES_OUT_OF_ORDER' });
  });

  it('is not refused for want of room, and neither are a plan’s credits', () => {
    const many = Array.from({ length: 128 }, (_, index) => grant(`g${index}`, 1));
    const full = walletAfter(...many);
    expect(after(full, grant('g', 1)).result).toEqual({ status: 'REFUSED', fault: 'TOO_MANY_GRANTS' });
    const withPlan = after(full, grant('sub/period/0', 50, { isDue: true })).wallet;
    expect(after(withPlan, settle(100)).wallet.entrySum).toBe(128 + 50 + 100);
  });
});

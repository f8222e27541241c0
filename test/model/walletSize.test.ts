/** A wallet is one document: however much it has served, it stays small, apart from its open holds. */
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/domain/period.js';
import { windowAt } from '../../src/domain/timeZone.js';
import { emptyWallet, ENDED_HOLDS_MAX, GRANTS_MAX } from '../../src/domain/wallet.js';
import type { Wallet } from '../../src/domain/wallet.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import type { WalletCommand } from '../../src/domain/walletCommand.js';
import { ALICE, capture, claim, grant, hold, MINUTE_MS, NOW, release, withoutJournal } from '../support/domain.js';

const SIZE_MAX = 64 * 1024;
const sizeOf = (wallet: Wallet): number => Buffer.byteLength(JSON.stringify({ ...wallet, holds: [] }));

/** Applies a command as the keeper does, and moves its entries to the ledger as the store does. */
const serve = (wallet: Wallet, command: WalletCommand, now: number): Wallet => {
  const { wallet: changed, result } = applyCommand(wallet, command, now);
  if (result.status === 'REFUSED') throw new Error(`${command.kind} was refused: ${result.fault}`);
  return withoutJournal(changed);
};

describe('the size of a wallet', () => {
  it('does not grow with what it has served: 120,000 operations, 1,000 a second, are as large as 20,000', () => {
    let wallet = emptyWallet(ALICE);
    const sizes: number[] = [];
    for (let operation = 0; operation < 120_000; operation += 1) {
      const now = NOW + operation;
      const id = `V1StGXR8_Z5jdHi${String(operation).padStart(6, '0')}`;
      // As many credits as these 1,000 operations are charged.
      if (operation % 1_000 === 0) {
        const topUp = grant(`top-up/${id}`, 1_800, { recorded: [], expiresAt: now + 365 * 24 * HOUR_MS });
        wallet = serve(wallet, topUp, now);
      }
      const units = [claim(1, { window: windowAt('HOUR', 'UTC', now), limit: 1e12 })];
      wallet = serve(wallet, hold(id, 2, { units, expiresAt: now + MINUTE_MS }), now);
      const end = operation % 10 === 0 ? release(id) : capture(id, 2, { units, operation: 'Nearest' });
      wallet = serve(wallet, end, now);
      if ((operation + 1) % 20_000 === 0) sizes.push(sizeOf(wallet));
    }
    // What differs are the digits of numbers: a wallet that has served 10,000,000 has some more of them.
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(256);
    expect(Math.max(...sizes)).toBeLessThan(SIZE_MAX / 2);
    expect(wallet.ended).toHaveLength(ENDED_HOLDS_MAX);
    expect(wallet.grants.length).toBeLessThan(3);
  }, 60_000);

  it('is bounded in the worst case: as many grants and ended holds as there can be, with long ids and large amounts', () => {
    let wallet = emptyWallet(ALICE);
    const large = Math.floor((2 ** 53 - 1) / GRANTS_MAX);
    for (let index = 0; index < GRANTS_MAX; index += 1) {
      const id = `subscription-V1StGXR8_Z5jdHi6B-myT/period/${1_000 + index}`;
      wallet = serve(wallet, grant(id, large, { expiresAt: NOW + 100 * HOUR_MS + index, priority: 100 }), NOW);
    }
    for (let index = 0; index < ENDED_HOLDS_MAX + 50; index += 1) {
      const id = `V1StGXR8_Z5jdHi6B-${1_000 + index}`;
      wallet = serve(wallet, hold(id, large), NOW);
      wallet = serve(wallet, release(id), NOW);
    }
    for (let index = 0; index < 50; index += 1) {
      const units = [claim(1, { key: `a-feature-with-a-long-name-${index}:BILLING_PERIOD` })];
      wallet = serve(wallet, hold(`h${index}`, large, { units }), NOW);
    }
    expect(wallet.grants).toHaveLength(GRANTS_MAX);
    expect(wallet.ended).toHaveLength(ENDED_HOLDS_MAX);
    expect(sizeOf(wallet)).toBeLessThan(SIZE_MAX);
  });
});

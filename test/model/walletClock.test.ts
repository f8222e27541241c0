/** Two processes' clocks differ by some milliseconds: the books must stay right when `now` goes back a little. */
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import type { Wallet } from '../../src/domain/wallet.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import {
  capture,
  claim,
  DAY_MS,
  grant,
  hold,
  NOW,
  refund,
  release,
  walletAfter,
  withoutJournal,
} from '../support/domain.js';

const AHEAD = NOW + 1_003;
const BEHIND = NOW + 997;
const BETWEEN = NOW + 1_000;

const expectSoundBooks = (wallet: Wallet, entries: readonly LedgerEntry[]) => {
  const remaining = wallet.grants.reduce((sum, each) => sum + each.remaining, 0);
  expect(entries.reduce((sum, each) => sum + each.credits, 0)).toBe(remaining);
  expect(wallet.entrySum).toBe(remaining);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
};

describe('a clock that is behind', () => {
  it('does not give the credits of a period twice that one ahead has let expire', () => {
    const given = grant('sub/period/0', 5, { expiresAt: BETWEEN });
    const expired = applyCommand(walletAfter(given), grant('x', 1), AHEAD).wallet;
    const again = applyCommand(withoutJournal(expired), given, BEHIND);
    expect(again).toEqual({ wallet: withoutJournal(expired), entries: [], result: { status: 'APPLIED', credits: 5 } });
  });

  it('releases a hold to a grant that has expired for another, which then expires twice with two entries', () => {
    const held = walletAfter(grant('g', 5, { expiresAt: BETWEEN }), hold('h', 3, { expiresAt: NOW + DAY_MS }));
    const expired = applyCommand(held, grant('x', 1), AHEAD).wallet;
    const released = applyCommand(expired, release('h'), BEHIND).wallet;
    const { wallet } = applyCommand(released, grant('y', 1), AHEAD + 1);
    expect(wallet.journal.map(({ id }) => id)).toEqual([
      'command/g/0',
      'expiry/g/2',
      'command/x/0',
      'expiry/g/4',
      'command/y/0',
    ]);
    expectSoundBooks(wallet, wallet.journal);
  });

  it('refunds to a grant that has expired for another', () => {
    const charged = walletAfter(grant('g', 5, { expiresAt: BETWEEN }), hold('h', 3), capture('h', 3));
    const expired = applyCommand(charged, grant('x', 1), AHEAD).wallet;
    const refunded = applyCommand(expired, refund('r', 'h', 2), BEHIND).wallet;
    const { wallet } = applyCommand(refunded, grant('y', 1), AHEAD + 1);
    expectSoundBooks(wallet, wallet.journal);
  });

  it('can’t capture a hold that has expired for another', () => {
    const held = walletAfter(grant('g', 5), hold('h', 3, { expiresAt: BETWEEN }));
    const expired = applyCommand(held, grant('x', 1), AHEAD).wallet;
    expect(applyCommand(expired, capture('h', 3), BEHIND).result).toEqual({ status: 'REFUSED', fault: 'HOLD_EXPIRED' });
  });

  it('never makes a counter negative, nor a limit begin anew', () => {
    const window = { startsAt: NOW - DAY_MS, endsAt: BETWEEN };
    const until = { expiresAt: NOW + DAY_MS };
    const full = walletAfter(hold('h', 0, { ...until, units: [claim(10, { window })] }));
    const ahead = applyCommand(full, grant('x', 1), AHEAD).wallet;
    const more = applyCommand(ahead, hold('i', 0, { ...until, units: [claim(1, { window })] }), BEHIND);
    expect(more.result).toEqual({ status: 'REFUSED', fault: 'LIMIT_REACHED' });
    expect(applyCommand(ahead, release('h'), BEHIND).wallet.counters).toMatchObject([{ used: 0 }]);
  });
});

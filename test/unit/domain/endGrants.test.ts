import { describe, expect, it } from 'vitest';
import { walletAfter, capture, grant, hold, NOW, MINUTE_MS, release } from '../../support/domain.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import { endGrants } from '../../../src/domain/endGrants.js';
import { viewAt } from '../../../src/domain/walletView.js';

const later = { expiresAt: NOW + 60 * MINUTE_MS };

describe('the grants of a period that ends before its time', () => {
  const wallet = walletAfter(
    grant('sub-1/period/1', 100, later),
    grant('sub-1/period/1/team@2', 20, later),
    grant('sub-1/period/10', 3, later),
    grant('bought', 7),
  );

  it('lose what is left of them, and no other does', () => {
    const ended = endGrants(wallet, 'sub-1/period/1', NOW + 1);
    expect(viewAt(ended, NOW + 1).grants.map(({ id, remaining }) => [id, remaining])).toEqual([
      ['sub-1/period/10', 3],
      ['bought', 7],
    ]);
    const entries = ended.journal.slice(wallet.journal.length);
    expect(entries.map(({ kind, credits, grantId, at }) => [kind, credits, grantId, at])).toEqual([
      ['EXPIRE', -100, 'sub-1/period/1', NOW + 1],
      ['EXPIRE', -20, 'sub-1/period/1/team@2', NOW + 1],
    ]);
    expect(ended.entrySum).toBe(10);
  });

  it('are left as they are where nothing is left of them: the same wallet', () => {
    const ended = endGrants(wallet, 'sub-1/period/1', NOW + 1);
    expect(endGrants(ended, 'sub-1/period/1', NOW + 2)).toBe(ended);
    expect(endGrants(wallet, 'sub-1/period/2', NOW)).toBe(wallet);
    const over = NOW + 61 * MINUTE_MS;
    expect(endGrants(wallet, 'sub-1/period/1', over)).toBe(wallet);
  });

  it('keep what an operation has set aside, which is charged or gone', () => {
    const held = walletAfter(grant('sub-1/period/1', 100, later), hold('h1', 60));
    const ended = endGrants(held, 'sub-1/period/1', NOW + 1);
    expect(viewAt(ended, NOW + 1)).toMatchObject({ available: 0, held: 60 });
    expect(applyCommand(ended, capture('h1', 60), NOW + 2).wallet.entrySum).toBe(0);
    const released = applyCommand(ended, release('h1'), NOW + 2).wallet;
    expect([released.entrySum, viewAt(released, NOW + 2).available]).toEqual([0, 0]);
  });
});

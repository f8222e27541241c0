/** What the tests of the keeper do to wallets, and how they look afterwards. */
import { grantId, holdId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { WalletTask } from '../../../src/ledger/lane.js';
import type { Store } from '../../../src/store/store.js';

export const NOW = Date.UTC(2026, 0, 31, 12);

/** Grants credits once per id, and says what the wallet's entries sum to then. */
export const granting = (id: string, credits = 1): WalletTask<never, number> => ({
  decide: (wallet, now) => {
    const command = { kind: 'grant', id: grantId(id), credits, expiresAt: null, priority: 0, reason: 'test' } as const;
    const applied = applyCommand(wallet, command, now);
    return { wallet: applied.wallet, outcome: applied.wallet.entrySum };
  },
});

/** Takes one credit, once per id. */
export const spending = (id: string): WalletTask<never, 'SPENT' | 'REFUSED'> => ({
  decide: (wallet, now) => {
    const hold = { kind: 'hold', id: holdId(id), credits: 1, units: [], expiresAt: NOW + 60_000 } as const;
    const held = applyCommand(wallet, hold, now);
    if (held.result.status === 'REFUSED') return { wallet, outcome: 'REFUSED' };
    const lines = [{ coordinate: 'Query.a', credits: 1 }];
    const captured = applyCommand(held.wallet, { kind: 'capture', holdId: holdId(id), lines, units: [] }, now);
    return { wallet: captured.wallet, outcome: 'SPENT' };
  },
});

export const ledgerOf = async (store: Store, account: AccountId): Promise<readonly LedgerEntry[]> => {
  const newestFirst = await store.findLedgerPage(account, { first: 10_000, before: null });
  return [...newestFirst].reverse();
};

export const idsOf = (entries: readonly LedgerEntry[]): readonly string[] => entries.map((entry) => entry.id);

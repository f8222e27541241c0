import { describe, expect, it } from 'vitest';
import { holdId } from '../../../src/domain/ids.js';
import { ENDED_HOLDS_MAX, MEMORY_MS, WRITES_REMEMBERED } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import { sweep } from '../../../src/domain/sweep.js';
import { viewAt } from '../../../src/domain/walletView.js';
import { capture, claim, DAY_MS, grant, hold, MINUTE_MS, NOW, release, walletAfter } from '../../support/domain.js';

const entriesAt = (wallet: Wallet, now: number) =>
  sweep(wallet, now)
    .journal.slice(wallet.journal.length)
    .map(({ id, at, kind, credits, balanceAfter }) => [id, at - NOW, kind, credits, balanceAfter]);

describe('time that passes in a wallet', () => {
  const wallet = walletAfter(
    grant('g', 10, { expiresAt: NOW + 20 }),
    grant('f', 1, { expiresAt: NOW + 40 }),
    hold('early', 2, { expiresAt: NOW + 10, units: [claim(1)] }),
    hold('same', 3, { expiresAt: NOW + 20 }),
    hold('late', 4, { expiresAt: NOW + 30 }),
  );

  it('changes nothing, not even the object, as long as nothing expires', () => {
    expect(sweep(wallet, NOW + 9)).toBe(wallet);
    expect(sweep(wallet, NOW - DAY_MS)).toBe(wallet);
    const waiting = sweep(wallet, NOW + 25);
    expect(sweep(waiting, NOW + 29)).toBe(waiting);
  });

  it('ends a hold at the instant of its expiry and gives back what it had', () => {
    const swept = sweep(wallet, NOW + 10);
    expect(swept.journal).toEqual(wallet.journal);
    expect(swept.holds.map(({ id }) => id)).toEqual(['same', 'late']);
    expect(swept.counters).toMatchObject([{ used: 0 }]);
    expect(swept.ended).toEqual([
      {
        id: 'early',
        endedAt: NOW + 10,
        version: wallet.version,
        how: 'EXPIRED',
        holdContent: wallet.holds[0]?.content,
        content: '',
        credits: 0,
      },
    ]);
    expect(viewAt(wallet, NOW + 10)).toMatchObject({ available: 4, held: 7 });
  });

  it('ends a grant at the instant of its expiry, but for what open holds have set aside of it', () => {
    expect(entriesAt(wallet, NOW + 20)).toEqual([
      ['hold/same/0', 20, 'EXPIRE', -3, 8],
      ['expiry/g/4', 20, 'EXPIRE', -3, 5],
    ]);
    expect(viewAt(wallet, NOW + 20)).toMatchObject({
      available: 1,
      held: 4,
      grants: [{ id: 'g', remaining: 4 }, { id: 'f' }],
    });
  });

  it('happens in the order of the instants, however late it is noticed', () => {
    const all = [
      ['hold/same/0', 20, 'EXPIRE', -3, 8],
      ['expiry/g/4', 20, 'EXPIRE', -3, 5],
      ['hold/late/0', 30, 'EXPIRE', -4, 1],
      ['expiry/f/6', 40, 'EXPIRE', -1, 0],
    ];
    expect(entriesAt(wallet, NOW + 999)).toEqual(all);
    const often = [5, 10, 15, 20, 25, 30, 35, 40, 999].reduce((each, ms) => sweep(each, NOW + ms), wallet);
    expect(often).toEqual(sweep(wallet, NOW + 999));
  });

  it('takes the account’s id and the grant’s into the entry', () => {
    const { journal } = sweep(walletAfter(grant('g', 5, { expiresAt: NOW + 1 })), NOW + 1);
    expect(journal[1]).toEqual({
      id: 'expiry/g/2',
      accountId: 'alice',
      seq: 2,
      at: NOW + 1,
      kind: 'EXPIRE',
      credits: -5,
      grantId: 'g',
      balanceAfter: 0,
    });
  });

  it('lets ten thousand holds expire at once without looking at each other', () => {
    const [open] = walletAfter(grant('g', 1), hold('h', 0)).holds;
    if (open === undefined) throw new Error('no hold');
    const holds = Array.from({ length: 10_000 }, (_, index) => ({
      ...open,
      id: holdId(`h${index}`),
    }));
    const startedAt = process.cpuUsage();
    expect(sweep({ ...wallet, holds }, NOW + MINUTE_MS).holds).toEqual([]);
    // Time of the processor, which other programs on the machine don't prolong.
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(2_000);
  });
});

describe('what a wallet remembers', () => {
  it('of grants: those with credits, and the spent that may be given again without a look in the ledger', () => {
    const spent = (id: string, changes: Parameters<typeof grant>[2]) => [
      grant(id, 1, { priority: -1, ...changes }),
      hold(`of-${id}`, 1),
      capture(`of-${id}`, 1),
    ];
    const wallet = walletAfter(
      grant('kept', 1),
      ...spent('period', { expiresAt: NOW + MINUTE_MS }),
      ...spent('recorded', { expiresAt: NOW + MINUTE_MS, recorded: [] }),
      ...spent('eternal', {}),
    );
    const idsAt = (now: number) => sweep(wallet, now).grants.map(({ id }) => id);
    expect(idsAt(NOW)).toEqual(['period', 'kept']);
    expect(idsAt(NOW + MINUTE_MS + MEMORY_MS - 1)).toEqual(['period', 'kept']);
    expect(idsAt(NOW + MINUTE_MS + MEMORY_MS)).toEqual(['kept']);
  });

  it('of counters: those of windows that are not long over', () => {
    const wallet = walletAfter(hold('h', 0, { units: [claim(3)], expiresAt: NOW + 9 * DAY_MS }));
    const { endsAt } = claim(0).window;
    expect(sweep(wallet, endsAt + MEMORY_MS - 1)).toBe(wallet);
    expect(sweep(wallet, endsAt + MEMORY_MS).counters).toEqual([]);
    expect(viewAt(wallet, endsAt - 1).counters).toEqual(wallet.counters);
    expect(viewAt(wallet, endsAt).counters).toEqual([]);
  });

  it('of units given back after their window is long over: nothing', () => {
    const wallet = walletAfter(hold('h', 0, { units: [claim(3)], expiresAt: NOW + 9 * DAY_MS }));
    const released = applyCommand(wallet, release('h'), claim(0).window.endsAt + MEMORY_MS);
    expect(released.wallet.counters).toEqual([]);
  });

  it('of ended holds: those of the last minutes, and no more than so many', () => {
    const wallet = walletAfter(hold('h', 0), release('h'));
    expect(sweep(wallet, NOW + MEMORY_MS - 1)).toBe(wallet);
    expect(sweep(wallet, NOW + MEMORY_MS).ended).toEqual([]);
    const many = Array.from({ length: ENDED_HOLDS_MAX + 2 }, (_, index) => index);
    const busy = walletAfter(
      ...many.flatMap((index) => [
        [hold(`h${index}`, 0), NOW + index] as const,
        [release(`h${index}`), NOW + index] as const,
      ]),
    );
    expect(busy.ended.map(({ id }) => id)).toEqual(many.slice(2).map((index) => `h${index}`));
  });

  it('of ended holds: those of the last writes, however many one write has ended', () => {
    const names = (from: number, count: number) => Array.from({ length: count }, (_, index) => `h${from + index}`);
    const write = (wallet: Wallet, ids: readonly string[]): Wallet => {
      const commands = ids.flatMap((id) => [hold(id, 0), release(id)]);
      const written = commands.reduce((before, command) => applyCommand(before, command, NOW).wallet, wallet);
      return { ...written, version: written.version + 1 };
    };
    let wallet = write({ ...walletAfter(), version: 7 }, names(100, 100));
    for (let index = 1; index < WRITES_REMEMBERED; index += 1) wallet = write(wallet, names(200 + index, 1));
    expect(wallet.ended.map(({ id }) => id)).toEqual([...names(100, 100), ...names(201, WRITES_REMEMBERED - 1)]);
    wallet = write(wallet, names(200 + WRITES_REMEMBERED, 1));
    expect(wallet.ended.map(({ id }) => id)).toEqual(names(201, WRITES_REMEMBERED));
  });
});

describe('what can be seen of a wallet', () => {
  it('is what it has at that instant, in burn order, without grants that are used up', () => {
    const wallet = walletAfter(
      grant('b', 5),
      grant('a', 2, { priority: -1, expiresAt: NOW + MINUTE_MS }),
      hold('h', 3, { units: [claim(1)] }),
      hold('i', 1),
      capture('h', 2, { units: [claim(1)] }),
    );
    expect(viewAt(wallet, NOW)).toEqual({
      available: 4,
      held: 1,
      grants: wallet.grants.filter(({ id }) => id === 'b'),
      counters: [{ key: 'cities:DAY', window: claim(0).window, used: 1 }],
      holds: wallet.holds,
    });
    expect(wallet.holds.map(({ id }) => id)).toEqual(['i']);
    expect(wallet.grants.map(({ id, remaining }) => [id, remaining])).toEqual([
      ['a', 0],
      ['b', 5],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { accountId, grantId, holdId } from '../../../src/domain/ids.js';
import { InvariantError } from '../../../src/domain/invariant.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { CLAIM_TOLERANCE_MS, emptyWallet, GRANTS_MAX, HOLDS_MAX, MEMORY_MS } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { WalletCommand, WalletResult } from '../../../src/domain/walletCommand.js';
import type { WalletFault } from '../../../src/domain/walletStep.js';
import { endHold, enter } from '../../../src/domain/walletMoves.js';
import { viewAt } from '../../../src/domain/walletView.js';
import {
  adjust,
  ALICE,
  capture,
  claim,
  DAY_MS,
  extend,
  grant,
  hold,
  MINUTE_MS,
  NOW,
  refund,
  release,
  walletAfter,
  withoutJournal,
} from '../../support/domain.js';

const CREDITS_MAX = 2 ** 53 - 1;
const EMPTY = emptyWallet(ALICE);
const applied = (credits: number): WalletResult => ({ status: 'APPLIED', credits });
const refused = (fault: WalletFault): WalletResult => ({ status: 'REFUSED', fault });
const resultOf = (wallet: Wallet, command: WalletCommand, now = NOW) => applyCommand(wallet, command, now).result;
const after = (wallet: Wallet, command: WalletCommand, now = NOW) => applyCommand(wallet, command, now).wallet;

/** Available, held, and what remains of each grant. */
const balances = (wallet: Wallet, now = NOW) => {
  const { available, held, grants } = viewAt(wallet, now);
  return { available, held, grants: Object.fromEntries(grants.map(({ id, remaining }) => [id, remaining])) };
};
/** Entries as `kind grant credits`, each with the balance after it. */
const lines = (entries: readonly LedgerEntry[]) =>
  entries.map(({ kind, grantId: of, credits, balanceAfter }) => `${kind} ${of} ${credits} → ${balanceAfter}`);
/** A refused or repeated command gives back the very wallet it was given, and no entries. */
const expectUnchanged = (wallet: Wallet, command: WalletCommand, result: WalletResult, now = NOW) => {
  const outcome = applyCommand(wallet, command, now);
  expect(outcome).toEqual({ wallet, entries: [], result });
  expect(outcome.wallet).toBe(wallet);
};

const BAD_AMOUNTS = [-1, 0.5, 2 ** 53, NaN, Infinity, -Infinity];

describe('a grant', () => {
  it('adds credits and says so in the ledger', () => {
    const outcome = applyCommand(EMPTY, grant('g', 5, { expiresAt: NOW + 1, priority: 3 }), NOW);
    const { content } = outcome.wallet.grants[0] ?? { content: '' };
    const entry = {
      id: 'command/g/0',
      accountId: 'alice',
      seq: 1,
      at: NOW,
      kind: 'GRANT',
      credits: 5,
      grantId: 'g',
      reason: 'top-up',
      balanceAfter: 5,
      expiresAt: NOW + 1,
      priority: 3,
      content,
    };
    expect(content).not.toBe('');
    expect(outcome).toEqual({
      wallet: {
        ...EMPTY,
        grants: [
          {
            id: 'g',
            granted: 5,
            remaining: 5,
            held: 0,
            grantedAt: NOW,
            expiresAt: NOW + 1,
            priority: 3,
            isRecorded: false,
            content,
          },
        ],
        entryCount: 1,
        entrySum: 5,
        journal: [entry],
      },
      entries: [entry],
      result: applied(5),
    });
  });

  it('without an expiry has none in its entry, and remembers that its id is looked up in the ledger', () => {
    const { wallet, entries } = applyCommand(EMPTY, grant('g', 5, { recorded: [] }), NOW);
    expect(Object.keys(entries[0] ?? {})).not.toContain('expiresAt');
    expect(wallet.grants[0]).toMatchObject({ expiresAt: null, isRecorded: true });
  });

  it('is placed in burn order', () => {
    const wallet = walletAfter(grant('c', 1), grant('b', 1, { priority: -1 }), grant('a', 1, { expiresAt: NOW + 1 }));
    expect(wallet.grants.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });

  it.each([...BAD_AMOUNTS, 0])('of %s credits is refused', (credits) => {
    expectUnchanged(EMPTY, grant('g', credits), refused('AMOUNT_INVALID'));
  });

  it('of 1 and of 2^53 - 1 credits is exact, and no more fits in', () => {
    expect(resultOf(EMPTY, grant('g', 1))).toEqual(applied(1));
    const full = walletAfter(grant('g', CREDITS_MAX));
    expect(balances(full).available).toBe(CREDITS_MAX);
    expectUnchanged(full, grant('h', 1), refused('BALANCE_TOO_LARGE'));
    expect(resultOf(walletAfter(grant('g', CREDITS_MAX - 1)), grant('h', 1))).toEqual(applied(1));
  });

  it.each([0.5, NaN, Infinity])('has no priority of %s', (priority) => {
    expectUnchanged(EMPTY, grant('g', 5, { priority }), refused('AMOUNT_INVALID'));
  });

  it.each([NOW, NOW - 1, NaN, Infinity, NOW + 0.5])('can’t expire at %s', (expiresAt) => {
    expectUnchanged(EMPTY, grant('g', 5, { expiresAt }), refused('DATES_OUT_OF_ORDER'));
    const known = walletAfter(grant('g', 5));
    if (!Number.isSafeInteger(expiresAt)) {
      expectUnchanged(known, grant('g', 5, { expiresAt }), refused('DATES_OUT_OF_ORDER'));
    }
  });

  it('given twice under one id is one grant; with other content it is a conflict', () => {
    const wallet = walletAfter(grant('g', 5, { expiresAt: NOW + DAY_MS }));
    expectUnchanged(wallet, grant('g', 5, { expiresAt: NOW + DAY_MS }), applied(5));
    for (const changes of [{ credits: 6 }, { expiresAt: null }, { priority: 1 }, { reason: 'other' }]) {
      expectUnchanged(wallet, grant('g', 5, { expiresAt: NOW + DAY_MS, ...changes }), refused('CONFLICT'));
    }
  });

  it('that comes again is known by the wallet, by its journal, and by what the ledger has', () => {
    const given = grant('g', 5, { recorded: [] });
    const spent = walletAfter(given, hold('h', 5), capture('h', 5), grant('later', 1));
    expect(spent.grants.map(({ id }) => id)).toEqual(['later']);
    expectUnchanged(spent, given, applied(5));
    expectUnchanged(spent, { ...given, credits: 6 }, refused('CONFLICT'));
    const moved = withoutJournal(spent);
    expectUnchanged(moved, { ...given, recorded: spent.journal }, applied(5));
    expectUnchanged(moved, { ...given, credits: 6, recorded: spent.journal }, refused('CONFLICT'));
    expect(resultOf(moved, { ...given, recorded: spent.journal.slice(1) })).toEqual(applied(5));
  });

  it('is remembered by the wallet until after its expiry where nobody looks in the ledger', () => {
    const given = grant('g', 5, { expiresAt: NOW + DAY_MS });
    const spent = withoutJournal(walletAfter(given, hold('h', 5), capture('h', 5), grant('later', 1)));
    expectUnchanged(spent, given, applied(5));
    expectUnchanged(withoutJournal(after(spent, grant('x', 1), NOW + DAY_MS)), given, applied(5), NOW + DAY_MS - 1);
  });

  it('that comes again after its own expiry is still the first', () => {
    const given = grant('g', 5, { expiresAt: NOW + 1 });
    expectUnchanged(walletAfter(given), given, applied(5), NOW + 1);
  });

  it('is refused where there are too many, until one is spent or expires', () => {
    const many = Array.from({ length: GRANTS_MAX }, (_, index) =>
      grant(`g${index}`, 1, { recorded: [], expiresAt: NOW + MINUTE_MS, priority: index }),
    );
    const full = walletAfter(...many);
    expectUnchanged(full, grant('one more', 1), refused('TOO_MANY_GRANTS'));
    const oneSpent = after(after(full, hold('h', 1)), capture('h', 1));
    expect(resultOf(oneSpent, grant('one more', 1))).toEqual(applied(1));
    expect(resultOf(full, grant('one more', 1), NOW + MINUTE_MS)).toEqual(applied(1));
  });
});

describe('a hold', () => {
  it('sets credits aside in burn order and moves nothing', () => {
    const wallet = walletAfter(grant('b', 3), grant('a', 2, { priority: -1 }));
    const outcome = applyCommand(wallet, hold('h', 4, { units: [claim(2)] }), NOW);
    const [opened] = outcome.wallet.holds;
    expect(outcome.result).toEqual(applied(4));
    expect(outcome.entries).toEqual([]);
    expect(opened).toEqual({
      id: 'h',
      heldAt: NOW,
      expiresAt: NOW + MINUTE_MS,
      takes: [
        { grantId: 'a', credits: 2 },
        { grantId: 'b', credits: 2 },
      ],
      units: [{ key: 'cities:DAY', window: claim(0).window, units: 2 }],
      content: opened?.content,
      extensions: [],
    });
    expect(outcome.wallet.grants.map(({ remaining, held }) => [remaining, held])).toEqual([
      [2, 2],
      [3, 2],
    ]);
    expect(outcome.wallet.counters).toEqual([{ key: 'cities:DAY', window: claim(0).window, used: 2 }]);
    expect(outcome.wallet.journal).toEqual(wallet.journal);
    expect(balances(outcome.wallet)).toEqual({ available: 1, held: 4, grants: { a: 2, b: 3 } });
  });

  it('two callers cannot spend the last credit', () => {
    const wallet = walletAfter(grant('g', 1));
    const first = applyCommand(wallet, hold('mine', 1), NOW);
    expect(first.result).toEqual(applied(1));
    expectUnchanged(first.wallet, hold('yours', 1), refused('INSUFFICIENT_CREDITS'));
  });

  it('takes nothing, not even 0, from a grant that is all held', () => {
    const wallet = walletAfter(grant('a', 2, { priority: -1 }), grant('b', 3), hold('first', 2));
    expect(after(wallet, hold('h', 1)).holds[1]?.takes).toEqual([{ grantId: 'b', credits: 1 }]);
  });

  it('takes nothing from a grant that has expired, from the instant it does', () => {
    const wallet = walletAfter(grant('g', 5, { expiresAt: NOW + 5 }));
    const until = { expiresAt: NOW + MINUTE_MS };
    expect(resultOf(wallet, hold('h', 5, until), NOW + 4)).toEqual(applied(5));
    expectUnchanged(wallet, hold('h', 1, until), refused('INSUFFICIENT_CREDITS'), NOW + 5);
  });

  it('is all or nothing: of a limit that is exceeded nothing is counted, and no credits are set aside', () => {
    const wallet = walletAfter(grant('g', 5));
    const other = claim(1, { key: 'other:DAY' });
    expectUnchanged(wallet, hold('h', 5, { units: [other, claim(11)] }), refused('LIMIT_REACHED'));
    expectUnchanged(wallet, hold('h', 6, { units: [other] }), refused('INSUFFICIENT_CREDITS'));
    expectUnchanged(wallet, hold('h', 6, { units: [claim(11)] }), refused('LIMIT_REACHED'));
  });

  it('may use a limit to the last unit, also by two claims or two holds, and not beyond', () => {
    expect(resultOf(EMPTY, hold('h', 0, { units: [claim(10)] }))).toEqual(applied(0));
    expect(resultOf(EMPTY, hold('h', 0, { units: [claim(5), claim(5)] }))).toEqual(applied(0));
    expectUnchanged(EMPTY, hold('h', 0, { units: [claim(5), claim(6)] }), refused('LIMIT_REACHED'));
    const half = walletAfter(hold('a', 0, { units: [claim(5)] }));
    expect(resultOf(half, hold('b', 0, { units: [claim(5)] }))).toEqual(applied(0));
    expectUnchanged(half, hold('b', 0, { units: [claim(6)] }), refused('LIMIT_REACHED'));
  });

  it('of nothing is a hold all the same', () => {
    expect(walletAfter(hold('h', 0)).holds).toMatchObject([{ id: 'h', takes: [], units: [] }]);
  });

  it.each(BAD_AMOUNTS)('of %s credits, units or limit is refused', (amount) => {
    const wallet = walletAfter(grant('g', 5));
    expectUnchanged(wallet, hold('h', amount), refused('AMOUNT_INVALID'));
    expectUnchanged(wallet, hold('h', 1, { units: [claim(1), claim(amount)] }), refused('AMOUNT_INVALID'));
    expectUnchanged(wallet, hold('h', 1, { units: [claim(1, { limit: amount })] }), refused('AMOUNT_INVALID'));
  });

  it('of 2^53 - 1 credits and units is exact', () => {
    const wallet = walletAfter(grant('g', CREDITS_MAX));
    const all = hold('h', CREDITS_MAX, { units: [claim(CREDITS_MAX, { limit: CREDITS_MAX })] });
    expect(balances(after(wallet, all))).toEqual({ available: 0, held: CREDITS_MAX, grants: { g: CREDITS_MAX } });
    expectUnchanged(
      after(wallet, all),
      hold('i', 0, { units: [claim(1, { limit: CREDITS_MAX })] }),
      refused('LIMIT_REACHED'),
    );
  });

  it.each([NOW, NOW - 1, NaN, Infinity, NOW + 0.5])('can’t expire at %s', (expiresAt) => {
    expectUnchanged(EMPTY, hold('h', 0, { expiresAt }), refused('DATES_OUT_OF_ORDER'));
  });

  it('claims units of a window that is not over, give or take what clocks differ by', () => {
    const { window } = claim(0);
    const early = window.startsAt - CLAIM_TOLERANCE_MS;
    const late = window.endsAt + CLAIM_TOLERANCE_MS;
    const until = { expiresAt: NOW + 9 * DAY_MS, units: [claim(1)] };
    expect(resultOf(EMPTY, hold('h', 0, until), early)).toEqual(applied(0));
    expect(resultOf(EMPTY, hold('h', 0, until), late - 1)).toEqual(applied(0));
    expectUnchanged(EMPTY, hold('h', 0, until), refused('DATES_OUT_OF_ORDER'), early - 1);
    expectUnchanged(EMPTY, hold('h', 0, until), refused('DATES_OUT_OF_ORDER'), late);
  });

  it.each([
    { startsAt: NOW + 1, endsAt: NOW + 1 },
    { startsAt: NOW + 1, endsAt: NOW - 1 },
    { startsAt: NaN, endsAt: NOW + 1 },
    { startsAt: NOW - 1, endsAt: NaN },
    { startsAt: -Infinity, endsAt: NOW + 1 },
    { startsAt: NOW - 1, endsAt: Infinity },
  ])('claims no units of a window that is none (%j)', (window) => {
    expectUnchanged(EMPTY, hold('h', 0, { units: [claim(1, { window })] }), refused('DATES_OUT_OF_ORDER'));
    expectUnchanged(
      walletAfter(hold('h', 0)),
      extend('x', 'h', 0, { units: [claim(1, { window })] }),
      refused('DATES_OUT_OF_ORDER'),
    );
  });

  it('finds the counter of a window that has just passed: no limit begins anew for who comes late', () => {
    const { window } = claim(0);
    const full = walletAfter(hold('h', 0, { units: [claim(10)], expiresAt: window.endsAt + DAY_MS }));
    const next = hold('i', 0, { units: [claim(1)], expiresAt: window.endsAt + DAY_MS });
    const swept = after(full, grant('g', 1), window.endsAt + 1);
    expectUnchanged(swept, next, refused('LIMIT_REACHED'), window.endsAt + 2);
    expectUnchanged(swept, next, refused('LIMIT_REACHED'), window.endsAt - 1);
  });

  it('made twice under one id is one hold; with other content it is a conflict', () => {
    const first = hold('h', 5, { units: [claim(1)] });
    const wallet = walletAfter(grant('g', 20), first);
    expectUnchanged(wallet, first, applied(5));
    for (const changes of [{ credits: 6 }, { units: [claim(2)] }, { units: [] }, { expiresAt: NOW + 2 }]) {
      expectUnchanged(wallet, { ...first, ...changes }, refused('CONFLICT'));
    }
  });

  it('that has ended is not made again, however it ended', () => {
    const wallet = walletAfter(grant('g', 20), hold('h', 5));
    const ended = [after(wallet, capture('h', 5)), after(wallet, release('h'))];
    for (const each of ended) {
      expectUnchanged(each, hold('h', 5), applied(5));
      expectUnchanged(each, hold('h', 6), refused('CONFLICT'));
    }
    expectUnchanged(wallet, hold('h', 5), applied(5), NOW + MINUTE_MS);
  });

  it('is refused where too many are open, until one ends', () => {
    const wallet = walletAfter(hold('h', 0));
    const [open] = wallet.holds;
    if (open === undefined) throw new Error('no hold');
    const holds = Array.from({ length: HOLDS_MAX }, (_, index) => ({ ...open, id: holdId(`h${index}`) }));
    const full = { ...wallet, holds };
    expectUnchanged(full, hold('one more', 0), refused('TOO_MANY_HOLDS'));
    expect(resultOf(after(full, release('h7')), hold('one more', 0))).toEqual(applied(0));
  });
});

describe('an extension', () => {
  const wallet = walletAfter(grant('g', 20), hold('h', 5, { units: [claim(1)] }));

  it('sets more aside for an open hold', () => {
    const extended = after(wallet, extend('x', 'h', 3, { units: [claim(2)] }));
    const { window } = claim(0);
    expect(extended.holds).toMatchObject([
      {
        takes: [
          { grantId: 'g', credits: 5 },
          { grantId: 'g', credits: 3 },
        ],
        units: [
          { key: 'cities:DAY', window, units: 1 },
          { key: 'cities:DAY', window, units: 2 },
        ],
        extensions: [{ id: 'x' }],
      },
    ]);
    expect(extended.holds[0]?.units.every((units) => !('limit' in units))).toBe(true);
    expect(balances(extended)).toEqual({ available: 12, held: 8, grants: { g: 20 } });
    expect(extended.counters).toEqual([{ key: 'cities:DAY', window, used: 3 }]);
  });

  it('leaves the other holds alone', () => {
    const two = after(wallet, hold('other', 1));
    const extended = after(two, extend('x', 'other', 1));
    expect(extended.holds[0]).toBe(two.holds[0]);
    expect(extended.holds[1]).toMatchObject({ id: 'other', extensions: [{ id: 'x' }] });
  });

  it('is all or nothing', () => {
    expectUnchanged(wallet, extend('x', 'h', 16), refused('INSUFFICIENT_CREDITS'));
    expectUnchanged(wallet, extend('x', 'h', 1, { units: [claim(10)] }), refused('LIMIT_REACHED'));
  });

  it('comes once under one id; with other content it is a conflict; each further id is another', () => {
    const first = extend('x', 'h', 3, { units: [claim(2)] });
    const extended = after(wallet, first);
    expectUnchanged(extended, first, applied(3));
    expectUnchanged(extended, { ...first, credits: 4 }, refused('CONFLICT'));
    expectUnchanged(extended, { ...first, units: [] }, refused('CONFLICT'));
    expect(balances(after(extended, { ...first, id: 'y' })).held).toBe(11);
    const again = after(after(extended, { ...first, id: 'y' }), { ...first, id: 'y' });
    expect(balances(again).held).toBe(11);
  });

  it.each(BAD_AMOUNTS)('by %s credits, units or limit is refused', (amount) => {
    expectUnchanged(wallet, extend('x', 'h', amount), refused('AMOUNT_INVALID'));
    expectUnchanged(wallet, extend('x', 'h', 1, { units: [claim(amount)] }), refused('AMOUNT_INVALID'));
    expectUnchanged(wallet, extend('x', 'h', 1, { units: [claim(1, { limit: amount })] }), refused('AMOUNT_INVALID'));
  });

  it('needs a hold that is open', () => {
    expectUnchanged(wallet, extend('x', 'unknown', 1), refused('UNKNOWN_HOLD'));
    expectUnchanged(wallet, extend('x', 'h', 1), refused('HOLD_EXPIRED'), NOW + MINUTE_MS);
    expectUnchanged(after(wallet, release('h')), extend('x', 'h', 1), refused('HOLD_ENDED'));
    expectUnchanged(after(wallet, capture('h', 1)), extend('x', 'h', 1), refused('HOLD_ENDED'));
  });

  it('claims no units of a window that is over', () => {
    const { window } = claim(0);
    const open = walletAfter(hold('h', 0, { expiresAt: NOW + 9 * DAY_MS }));
    const late = extend('x', 'h', 0, { units: [claim(1)] });
    expectUnchanged(open, late, refused('DATES_OUT_OF_ORDER'), window.endsAt + CLAIM_TOLERANCE_MS);
    expect(resultOf(open, late, window.endsAt + CLAIM_TOLERANCE_MS - 1)).toEqual(applied(0));
  });
});

describe('a capture', () => {
  const wallet = walletAfter(grant('b', 3), grant('a', 2, { priority: -1 }), hold('h', 4, { units: [claim(5)] }));

  it('takes its lines from the grants in the order in which they were taken, and releases the rest', () => {
    const outcome = applyCommand(
      wallet,
      {
        kind: 'capture',
        holdId: holdId('h'),
        lines: [
          { coordinate: 'Query.one', credits: 1 },
          { coordinate: 'Query.none', credits: 0 },
          { coordinate: 'Query.two', credits: 2 },
        ],
        units: [claim(2)],
        operation: 'Search',
      },
      NOW + 1,
    );
    const base = { accountId: 'alice', at: NOW + 1, kind: 'CHARGE', holdId: 'h', operation: 'Search' };
    expect(outcome.result).toEqual(applied(3));
    expect(outcome.entries).toEqual([
      { ...base, id: 'hold/h/0', seq: 3, credits: -1, grantId: 'a', coordinate: 'Query.one', balanceAfter: 4 },
      { ...base, id: 'hold/h/1', seq: 4, credits: -1, grantId: 'a', coordinate: 'Query.two', balanceAfter: 3 },
      { ...base, id: 'hold/h/2', seq: 5, credits: -1, grantId: 'b', coordinate: 'Query.two', balanceAfter: 2 },
    ]);
    expect(balances(outcome.wallet)).toEqual({ available: 2, held: 0, grants: { b: 2 } });
    expect(outcome.wallet.holds).toEqual([]);
    expect(outcome.wallet.counters).toEqual([{ key: 'cities:DAY', window: claim(0).window, used: 2 }]);
    expect(outcome.wallet.ended).toEqual([
      {
        id: 'h',
        endedAt: NOW + 1,
        version: wallet.version,
        how: 'CAPTURED',
        holdContent: wallet.holds[0]?.content,
        content: outcome.wallet.ended[0]?.content,
        credits: 3,
      },
    ]);
  });

  it('of an operation without a name has none in its entries', () => {
    const { entries } = applyCommand(wallet, capture('h', 1), NOW);
    expect(Object.keys(entries[0] ?? {})).not.toContain('operation');
  });

  it('of nothing releases all, and leaves no entry', () => {
    const outcome = applyCommand(wallet, capture('h', 0), NOW);
    expect(outcome.entries).toEqual([]);
    expect(outcome.result).toEqual(applied(0));
    expect(balances(outcome.wallet)).toEqual({ available: 5, held: 0, grants: { a: 2, b: 3 } });
    expect(outcome.wallet.counters).toMatchObject([{ used: 0 }]);
  });

  it('of all that an extended hold has set aside takes it all', () => {
    const extended = after(wallet, extend('x', 'h', 1, { units: [claim(5)] }));
    const captured = after(extended, capture('h', 5, { units: [claim(10)] }));
    expect(balances(captured)).toEqual({ available: 0, held: 0, grants: {} });
    expect(captured.counters).toMatchObject([{ used: 10 }]);
  });

  it('leaves what other holds have set aside', () => {
    const two = after(wallet, hold('i', 1, { units: [claim(1)] }));
    const captured = after(two, capture('h', 4, { units: [claim(5)] }));
    expect(captured.holds).toEqual(two.holds.slice(1));
    expect(balances(captured)).toEqual({ available: 0, held: 1, grants: { b: 1 } });
    expect(captured.counters).toMatchObject([{ used: 6 }]);
  });

  it('of more than is held is refused, in credits, in units, and in units of a limit that was not claimed', () => {
    expectUnchanged(wallet, capture('h', 5), refused('CAPTURE_EXCEEDS_HOLD'));
    expectUnchanged(wallet, capture('h', 1, { units: [claim(6)] }), refused('CAPTURE_EXCEEDS_HOLD'));
    expectUnchanged(wallet, capture('h', 1, { units: [claim(3), claim(3)] }), refused('CAPTURE_EXCEEDS_HOLD'));
    expectUnchanged(wallet, capture('h', 1, { units: [claim(1, { key: 'x:DAY' })] }), refused('CAPTURE_EXCEEDS_HOLD'));
    const huge = Array.from({ length: 3 }, () => ({ coordinate: 'Query.search', credits: CREDITS_MAX }));
    expectUnchanged(wallet, capture('h', 1, { lines: huge }), refused('CAPTURE_EXCEEDS_HOLD'));
    expect(resultOf(wallet, capture('h', 4, { units: [claim(5)] }))).toEqual(applied(4));
  });

  it.each(BAD_AMOUNTS)('of %s credits or units is refused', (amount) => {
    const bad = [
      { coordinate: 'Query.search', credits: 1 },
      { coordinate: 'Query.search', credits: amount },
    ];
    expectUnchanged(wallet, capture('h', 1, { lines: bad }), refused('AMOUNT_INVALID'));
    expectUnchanged(wallet, capture('h', 1, { units: [claim(1), claim(amount)] }), refused('AMOUNT_INVALID'));
  });

  it('made twice is made once; with other content it is a conflict', () => {
    const first = capture('h', 3, { units: [claim(1)], operation: 'Search' });
    const captured = after(wallet, first);
    expectUnchanged(captured, first, applied(3));
    expectUnchanged(captured, capture('h', 2, { units: [claim(1)], operation: 'Search' }), refused('CONFLICT'));
    expectUnchanged(captured, { ...first, units: [] }, refused('CONFLICT'));
    expectUnchanged(captured, { ...first, operation: 'Other' }, refused('CONFLICT'));
  });

  it('is in time to the last millisecond of the hold, and too late then', () => {
    expect(resultOf(wallet, capture('h', 4), NOW + MINUTE_MS - 1)).toEqual(applied(4));
    expectUnchanged(wallet, capture('h', 4), refused('HOLD_EXPIRED'), NOW + MINUTE_MS);
    expectUnchanged(wallet, capture('h', 4), refused('UNKNOWN_HOLD'), NOW + MINUTE_MS + MEMORY_MS);
  });

  it('of a hold that is not there, or was released, is refused', () => {
    expectUnchanged(wallet, capture('other', 1), refused('UNKNOWN_HOLD'));
    expectUnchanged(wallet, capture('other', 0), refused('UNKNOWN_HOLD'));
    expectUnchanged(after(wallet, release('h')), capture('h', 1), refused('HOLD_ENDED'));
  });

  it('takes credits that were set aside before their grant expired', () => {
    const expiring = walletAfter(grant('g', 5, { expiresAt: NOW + 10 }), hold('h', 3));
    const outcome = applyCommand(expiring, capture('h', 2), NOW + 20);
    expect(lines(outcome.entries)).toEqual(['EXPIRE g -2 → 3', 'CHARGE g -2 → 1', 'EXPIRE g -1 → 0']);
    expect(outcome.entries.map(({ id, at }) => [id, at - NOW])).toEqual([
      ['expiry/g/2', 10],
      ['hold/h/0', 20],
      ['hold/h/1', 20],
    ]);
    expect(balances(outcome.wallet, NOW + 20)).toEqual({ available: 0, held: 0, grants: {} });
  });

  describe('that the wallet has forgotten', () => {
    const captured = after(wallet, capture('h', 3));
    const history = captured.journal;
    const forgotten = withoutJournal(after(captured, grant('x', 9), NOW + MEMORY_MS));
    const later = NOW + MEMORY_MS;

    it('is known by the ledger: made once, in conflict with another, unknown without entries', () => {
      expectUnchanged(forgotten, capture('h', 3, { recorded: history }), applied(3), later);
      expectUnchanged(forgotten, capture('h', 2, { recorded: history }), refused('CONFLICT'), later);
      expectUnchanged(forgotten, capture('h', 3, { recorded: [] }), refused('UNKNOWN_HOLD'), later);
      expectUnchanged(forgotten, capture('h', 3), refused('UNKNOWN_HOLD'), later);
      expectUnchanged(forgotten, capture('other', 3, { recorded: history }), refused('UNKNOWN_HOLD'), later);
    });

    it('is the same capture after a refund of it, which may be in the journal still', () => {
      const refunded = after(forgotten, refund('r', 'h', 1, history), later);
      expectUnchanged(refunded, capture('h', 3, { recorded: history }), applied(3), later);
      const all = [...history, ...refunded.journal];
      expectUnchanged(withoutJournal(refunded), capture('h', 3, { recorded: all }), applied(3), later);
    });
  });
});

describe('a release', () => {
  const wallet = walletAfter(
    grant('b', 3),
    grant('a', 2, { priority: -1 }),
    hold('h', 4, { units: [claim(5)] }),
    hold('i', 1, { units: [claim(1)] }),
  );

  it('gives back all credits and units to exactly where they came from, and moves nothing', () => {
    const outcome = applyCommand(wallet, release('h'), NOW);
    expect(outcome.result).toEqual(applied(0));
    expect(outcome.entries).toEqual([]);
    expect(outcome.wallet.grants.map(({ id, remaining, held }) => [id, remaining, held])).toEqual([
      ['a', 2, 0],
      ['b', 3, 1],
    ]);
    expect(outcome.wallet.counters).toMatchObject([{ used: 1 }]);
    expect(outcome.wallet.holds).toEqual(wallet.holds.slice(1));
    expect(outcome.wallet.ended).toEqual([
      {
        id: 'h',
        endedAt: NOW,
        version: wallet.version,
        how: 'RELEASED',
        holdContent: wallet.holds[0]?.content,
        content: '',
        credits: 0,
      },
    ]);
  });

  it('twice is once', () => {
    expectUnchanged(after(wallet, release('h')), release('h'), applied(0));
  });

  it('after a capture changes nothing', () => {
    expectUnchanged(after(wallet, capture('h', 1)), release('h'), refused('HOLD_ENDED'));
  });

  it('of a hold that has expired, or is not there, is refused', () => {
    expectUnchanged(wallet, release('h'), refused('HOLD_EXPIRED'), NOW + MINUTE_MS);
    expectUnchanged(wallet, release('other'), refused('UNKNOWN_HOLD'));
  });

  it('to a grant that has expired meanwhile gives nothing back, and the ledger says so', () => {
    const expiring = walletAfter(grant('g', 5, { expiresAt: NOW + 10 }), hold('h', 3));
    const outcome = applyCommand(expiring, release('h'), NOW + 20);
    expect(lines(outcome.entries)).toEqual(['EXPIRE g -2 → 3', 'EXPIRE g -3 → 0']);
    expect(outcome.entries[1]).toEqual({
      id: 'hold/h/0',
      accountId: 'alice',
      seq: 3,
      at: NOW + 20,
      kind: 'EXPIRE',
      credits: -3,
      grantId: 'g',
      holdId: 'h',
      balanceAfter: 0,
    });
  });

  it('one millisecond before a grant expires gives back what then expires', () => {
    const expiring = walletAfter(grant('g', 5, { expiresAt: NOW + 10 }), hold('h', 3), [release('h'), NOW + 9]);
    expect(balances(expiring, NOW + 9)).toEqual({ available: 5, held: 0, grants: { g: 5 } });
    expect(balances(expiring, NOW + 10)).toEqual({ available: 0, held: 0, grants: {} });
  });
});

describe('an adjustment', () => {
  it('upwards is a grant of its own that never expires', () => {
    const outcome = applyCommand(EMPTY, adjust('a', 5, { recorded: [] }), NOW);
    expect(outcome.entries).toEqual([
      {
        id: 'command/a/0',
        accountId: 'alice',
        seq: 1,
        at: NOW,
        kind: 'ADJUST',
        credits: 5,
        grantId: 'a',
        reason: 'correction',
        balanceAfter: 5,
        priority: 0,
        content: outcome.wallet.grants[0]?.content,
      },
    ]);
    expect(outcome.result).toEqual(applied(5));
    expect(outcome.wallet.grants).toMatchObject([
      { id: 'a', granted: 5, remaining: 5, expiresAt: null, priority: 0, isRecorded: true },
    ]);
    expect(walletAfter(adjust('a', 5)).grants).toMatchObject([{ isRecorded: false }]);
  });

  it('upwards in one grant adds to it', () => {
    const wallet = walletAfter(grant('g', 5, { expiresAt: NOW + 10 }), grant('h', 5));
    const outcome = applyCommand(wallet, adjust('a', 3, { grantId: grantId('g') }), NOW);
    expect(outcome.entries).toMatchObject([
      { id: 'command/a/0', kind: 'ADJUST', credits: 3, grantId: 'g', balanceAfter: 13 },
    ]);
    expect(outcome.entries[0]?.content).not.toBe('');
    expect(outcome.result).toEqual(applied(3));
    expect(balances(outcome.wallet)).toEqual({ available: 13, held: 0, grants: { g: 8, h: 5 } });
  });

  it('downwards takes what burns next, or from one grant, and never what is held', () => {
    const wallet = walletAfter(grant('b', 3), grant('a', 2, { priority: -1 }), hold('h', 1));
    const outcome = applyCommand(wallet, adjust('x', -3), NOW);
    expect(outcome.result).toEqual(applied(-3));
    expect(lines(outcome.entries)).toEqual(['ADJUST a -1 → 4', 'ADJUST b -2 → 2']);
    expect(outcome.entries.map(({ id }) => id)).toEqual(['command/x/0', 'command/x/1']);
    expect(balances(outcome.wallet)).toEqual({ available: 1, held: 1, grants: { a: 1, b: 1 } });
    const inOne = applyCommand(wallet, adjust('x', -3, { grantId: grantId('b') }), NOW);
    expect(lines(inOne.entries)).toEqual(['ADJUST b -3 → 2']);
    expectUnchanged(wallet, adjust('x', -5), refused('INSUFFICIENT_CREDITS'));
    expectUnchanged(wallet, adjust('x', -2, { grantId: grantId('a') }), refused('INSUFFICIENT_CREDITS'));
  });

  it.each([0, -0, 0.5, -0.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53)])('by %s is refused', (credits) => {
    expectUnchanged(walletAfter(grant('g', 5)), adjust('a', credits), refused('AMOUNT_INVALID'));
  });

  it('to more than 2^53 - 1 credits is refused', () => {
    const full = walletAfter(grant('g', CREDITS_MAX));
    expectUnchanged(full, adjust('a', 1), refused('BALANCE_TOO_LARGE'));
    expectUnchanged(full, adjust('a', 1, { grantId: grantId('g') }), refused('BALANCE_TOO_LARGE'));
    expect(resultOf(full, adjust('a', -CREDITS_MAX))).toEqual(applied(-CREDITS_MAX));
    const almost = walletAfter(grant('g', CREDITS_MAX - 1));
    expect(resultOf(almost, adjust('a', 1, { grantId: grantId('g') }))).toEqual(applied(1));
  });

  it('needs a grant that is there and has not expired', () => {
    const wallet = walletAfter(grant('g', 5, { expiresAt: NOW + 10 }), hold('h', 1));
    expectUnchanged(wallet, adjust('a', 1, { grantId: grantId('other') }), refused('UNKNOWN_GRANT'));
    expectUnchanged(wallet, adjust('a', -1, { grantId: grantId('other') }), refused('UNKNOWN_GRANT'));
    expectUnchanged(wallet, adjust('a', 1, { grantId: grantId('g') }), refused('GRANT_EXPIRED'), NOW + 10);
    expectUnchanged(wallet, adjust('a', -1, { grantId: grantId('g') }), refused('GRANT_EXPIRED'), NOW + 10);
    expect(resultOf(wallet, adjust('a', 1, { grantId: grantId('g') }), NOW + 9)).toEqual(applied(1));
  });

  it('does not bring back a grant that is spent, whether the wallet still remembers it or not', () => {
    for (const recorded of [{}, { recorded: [] }]) {
      const given = grant('g', 5, { expiresAt: NOW + 10, ...recorded });
      const spent = withoutJournal(walletAfter(given, hold('h', 5), capture('h', 5)));
      expectUnchanged(spent, adjust('a', 1, { grantId: grantId('g') }), refused('UNKNOWN_GRANT'));
      expectUnchanged(spent, adjust('a', 1, { grantId: grantId('g') }), refused('UNKNOWN_GRANT'), NOW + 10);
    }
  });

  it('made twice is made once; with other content it is a conflict', () => {
    for (const first of [adjust('a', 3), adjust('a', -3), adjust('a', 3, { grantId: grantId('g') })]) {
      const wallet = after(walletAfter(grant('g', 5)), first);
      expectUnchanged(wallet, first, applied(first.credits));
      expectUnchanged(wallet, { ...first, credits: 1 }, refused('CONFLICT'));
      expectUnchanged(wallet, { ...first, reason: 'other' }, refused('CONFLICT'));
      expectUnchanged(wallet, { ...first, grantId: grantId('other') }, refused('CONFLICT'));
      const moved = withoutJournal(wallet);
      expectUnchanged(moved, { ...first, recorded: wallet.journal }, applied(first.credits));
    }
  });

  it('under the id of a grant is a conflict with it', () => {
    expectUnchanged(walletAfter(grant('g', 5)), adjust('g', 5), refused('CONFLICT'));
  });

  it('that would be one grant too many is refused', () => {
    const full = walletAfter(...Array.from({ length: GRANTS_MAX }, (_, index) => grant(`g${index}`, 1)));
    expectUnchanged(full, adjust('a', 1), refused('TOO_MANY_GRANTS'));
    expect(resultOf(full, adjust('a', 1, { grantId: grantId('g0') }))).toEqual(applied(1));
  });
});

describe('a refund', () => {
  const charged = walletAfter(
    grant('b', 3, { recorded: [] }),
    grant('a', 2, { priority: -1, expiresAt: NOW + DAY_MS, recorded: [] }),
    hold('h', 4),
    capture('h', 4),
  );
  const history = charged.journal;
  const moved = withoutJournal(charged);

  it('gives back to the grants it was charged to, last taken first, and says so in the ledger', () => {
    const outcome = applyCommand(moved, refund('r', 'h', 3, history), NOW);
    expect(outcome.result).toEqual(applied(3));
    expect(lines(outcome.entries)).toEqual(['REFUND b 2 → 3', 'REFUND a 1 → 4']);
    expect(outcome.entries[0]).toEqual({
      id: 'command/r/0',
      accountId: 'alice',
      seq: 5,
      at: NOW,
      kind: 'REFUND',
      credits: 2,
      grantId: 'b',
      holdId: 'h',
      reason: 'complaint',
      balanceAfter: 3,
      content: outcome.entries[0]?.content,
    });
    expect(outcome.entries[0]?.content).not.toBe('');
    expect(balances(outcome.wallet)).toEqual({ available: 4, held: 0, grants: { a: 1, b: 3 } });
  });

  it('brings a grant back that was used up and forgotten, as it was', () => {
    const forgotten = after(moved, grant('x', 1));
    expect(forgotten.grants.map(({ id }) => id)).toEqual(['b', 'x']);
    const outcome = applyCommand(withoutJournal(forgotten), refund('r', 'h', 4, history), NOW + 5);
    expect(outcome.wallet.grants.map(({ id }) => id)).toEqual(['a', 'b', 'x']);
    expect(outcome.wallet.grants[0]).toEqual({
      id: 'a',
      granted: 2,
      remaining: 2,
      held: 0,
      grantedAt: NOW,
      expiresAt: NOW + DAY_MS,
      priority: -1,
      isRecorded: false,
      content: history[1]?.content,
    });
  });

  it('brings back a grant that never expires, and one whose entries are in the journal still', () => {
    const wallet = walletAfter(grant('g', 2), hold('h', 2), capture('h', 2), grant('x', 1));
    expect(wallet.grants.map(({ id }) => id)).toEqual(['x']);
    const fromJournal = after(wallet, refund('r', 'h', 1));
    expect(fromJournal.grants).toMatchObject([{ id: 'g', granted: 2, remaining: 1, expiresAt: null }, { id: 'x' }]);
    const backwards = [...wallet.journal].reverse();
    expect(after(withoutJournal(wallet), refund('r', 'h', 1, backwards)).grants).toEqual(fromJournal.grants);
    const unnamed = wallet.journal.map((entry) => {
      const { content, ...rest } = entry;
      return content === undefined ? entry : rest;
    });
    expect(after(withoutJournal(wallet), refund('r', 'h', 1, unnamed)).grants[0]?.content).toBe('');
  });

  it('to a grant that has expired is gone, and the ledger says so', () => {
    const outcome = applyCommand(moved, refund('r', 'h', 4, history), NOW + DAY_MS);
    expect(lines(outcome.entries)).toEqual(['REFUND b 2 → 3', 'REFUND a 2 → 5', 'EXPIRE a -2 → 3']);
    expect(outcome.entries.map(({ id }) => id)).toEqual(['command/r/0', 'command/r/1', 'command/r/2']);
    expect(outcome.result).toEqual(applied(4));
    expect(balances(outcome.wallet, NOW + DAY_MS)).toEqual({ available: 3, held: 0, grants: { b: 3 } });
  });

  it('in parts gives back no more than was charged', () => {
    const once = after(moved, refund('r1', 'h', 3, history));
    expectUnchanged(once, refund('r2', 'h', 2, history), refused('REFUND_EXCEEDS_CHARGE'));
    expect(resultOf(once, refund('r2', 'h', 1, history))).toEqual(applied(1));
    const all = [...history, ...once.journal];
    expectUnchanged(withoutJournal(once), refund('r2', 'h', 2, all), refused('REFUND_EXCEEDS_CHARGE'));
    expect(lines(applyCommand(withoutJournal(once), refund('r2', 'h', 1, all), NOW).entries)).toEqual([
      'REFUND a 1 → 5',
    ]);
    expectUnchanged(moved, refund('r', 'h', 5, history), refused('REFUND_EXCEEDS_CHARGE'));
  });

  it('counts an entry once that is in the ledger and in the journal, in whatever order they come', () => {
    expectUnchanged(charged, refund('r', 'h', 5, history), refused('REFUND_EXCEEDS_CHARGE'));
    const backwards = [...history].reverse();
    expect(lines(applyCommand(moved, refund('r', 'h', 1, backwards), NOW).entries)).toEqual(['REFUND b 1 → 2']);
  });

  it('made twice is made once; with other content it is a conflict', () => {
    const first = refund('r', 'h', 2, history);
    const refunded = after(moved, first);
    expectUnchanged(refunded, first, applied(2));
    expectUnchanged(refunded, { ...first, credits: 1 }, refused('CONFLICT'));
    expectUnchanged(refunded, { ...first, reason: 'other' }, refused('CONFLICT'));
    expectUnchanged(refunded, { ...first, holdId: holdId('i') }, refused('CONFLICT'));
    expectUnchanged(withoutJournal(refunded), { ...first, recorded: refunded.journal }, applied(2));
  });

  it.each([...BAD_AMOUNTS, 0])('of %s credits is refused', (credits) => {
    expectUnchanged(moved, refund('r', 'h', credits, history), refused('AMOUNT_INVALID'));
  });

  it('of what was not charged, or to another account, is refused', () => {
    expectUnchanged(moved, refund('r', 'other', 1, history), refused('UNKNOWN_CHARGE'));
    expectUnchanged(moved, refund('r', 'h', 1), refused('UNKNOWN_CHARGE'));
    expectUnchanged(walletAfter(grant('g', 1), hold('h', 1)), refund('r', 'h', 1), refused('UNKNOWN_CHARGE'));
    const foreign = history.map((entry) => ({ ...entry, accountId: accountId('bob') }));
    expectUnchanged(moved, refund('r', 'h', 1, foreign), refused('UNKNOWN_CHARGE'));
    const lost = applyCommand(walletAfter(grant('g', 1, { expiresAt: NOW + 1 }), hold('h', 1)), release('h'), NOW + 1);
    expect(lines(lost.entries)).toEqual(['EXPIRE g -1 → 0']);
    expectUnchanged(lost.wallet, refund('r', 'h', 1), refused('UNKNOWN_CHARGE'), NOW + 1);
  });

  it('needs to know the grant, as this account’s ledger tells', () => {
    const forgotten = withoutJournal(after(moved, grant('x', 1)));
    const charges = history.filter(({ kind }) => kind === 'CHARGE');
    expectUnchanged(forgotten, refund('r', 'h', 4, charges), refused('UNKNOWN_GRANT'));
    const foreign = history.map((entry) =>
      entry.kind === 'GRANT' ? { ...entry, accountId: accountId('bob') } : entry,
    );
    expectUnchanged(forgotten, refund('r', 'h', 4, foreign), refused('UNKNOWN_GRANT'));
    expect(resultOf(forgotten, refund('r', 'h', 2, charges))).toEqual(applied(2));
  });

  it('to a balance of more than 2^53 - 1 is refused', () => {
    const full = after(moved, grant('x', CREDITS_MAX - 1));
    expectUnchanged(full, refund('r', 'h', 1, history), refused('BALANCE_TOO_LARGE'));
    expect(resultOf(after(moved, grant('x', CREDITS_MAX - 2)), refund('r', 'h', 1, history))).toEqual(applied(1));
  });
});

describe('the books', () => {
  it('refuse a movement that would make a balance negative, or more than 2^53 - 1: a bug', () => {
    const movement = { id: 'x', at: NOW, kind: 'ADJUST', grantId: grantId('g') } as const;
    expect(() => enter(walletAfter(grant('g', 5)), [{ ...movement, credits: -6 }])).toThrow(InvariantError);
    expect(() => enter(walletAfter(grant('g', 5)), [{ ...movement, credits: CREDITS_MAX }])).toThrow(
      'x would leave alice a balance of 9007199254740996',
    );
  });

  it('remember ended holds in the order of their ends, then of their ids, however they were noticed', () => {
    const names = ['m', 'c', 'z', 'a', 'n'] as const;
    const endsAt = { m: NOW + 2, c: NOW + 2, z: NOW + 1, a: NOW + 3, n: NOW + 2 };
    const end = { how: 'RELEASED', lines: [], units: [], content: '' } as const;
    const wallet = names.reduce((before, name) => {
      const opened = after(before, hold(name, 0));
      const found = opened.holds.find(({ id }) => id === name);
      return found === undefined ? opened : endHold(opened, found, end, endsAt[name]);
    }, EMPTY);
    expect(wallet.ended.map(({ id }) => id)).toEqual(['z', 'c', 'm', 'n', 'a']);
  });

  it('name a command or an outcome that no rule was written for', () => {
    const impossible: unknown = { kind: 'new' };
    expect(() => applyCommand(EMPTY, impossible as WalletCommand, NOW)).toThrow(InvariantError);
  });
});

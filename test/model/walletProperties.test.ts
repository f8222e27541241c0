/**
 * What holds for a wallet whatever is done to it: 20,000 random runs of up to 200 commands in all, in which time moves
 * on by random steps across expiries and windows. A run that fails is shrunk, and named by its seed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { emptyWallet } from '../../src/domain/wallet.js';
import type { Wallet } from '../../src/domain/wallet.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import type { Applied, WalletCommand } from '../../src/domain/walletCommand.js';
import { sweep } from '../../src/domain/sweep.js';
import { viewAt } from '../../src/domain/walletView.js';
import { adjust, ALICE, capture, claim, extend, grant, hold, NOW, refund, release } from '../support/domain.js';
import { CommandMaker, Dice, runsOf, seedOfRun } from '../support/domainRuns.js';

const COMMANDS_MAX = 200;
const seed = seedOfRun('wallet properties');
const runs = (numRuns: number) => ({ seed, numRuns: runsOf(numRuns) });

/** Without the bias towards small numbers, which would all be the same few commands. */
const step = fc.noBias(fc.nat(0xffffffff));
/** Mostly short runs, for speed, and some of full length. */
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }) },
  { weight: 1, arbitrary: fc.array(step, { minLength: 1, maxLength: COMMANDS_MAX, size: 'max' }) },
);

/** Thrown rather than expected: most of the time would go into matchers that match. */
const demand = (isTrue: boolean, broken: string, seen?: unknown): void => {
  if (!isTrue) throw new Error(`${broken}: ${JSON.stringify(seen)}`);
};

/** Checks the books after each command: a ledger of its own, which entries must continue without a gap. */
class Auditor {
  readonly ledger: LedgerEntry[] = [];
  readonly #ids = new Set<string>();
  readonly #ended = new Set<string>();
  #balance = 0;

  check({ wallet, entries }: Applied, open: readonly string[]): void {
    for (const entry of entries) this.#enter(entry);
    let [remaining, held] = [0, 0];
    for (const each of wallet.grants) {
      demand(
        Number.isSafeInteger(each.held) && each.held >= 0 && each.held <= each.remaining,
        'a grant is overdrawn',
        each,
      );
      remaining += each.remaining;
      held += each.held;
    }
    demand(remaining === this.#balance && wallet.entrySum === this.#balance, 'entries don’t sum to the grants', wallet);
    const taken = wallet.holds.flatMap(({ takes }) => takes).reduce((sum, { credits }) => sum + credits, 0);
    demand(taken === held, 'grants don’t hold what holds have taken', wallet);
    for (const counter of wallet.counters) demand(counter.used >= 0, 'a counter is negative', counter);
    for (const { id } of wallet.holds) demand(!this.#ended.has(id), 'a hold that has ended is open', id);
    for (const id of open) if (!wallet.holds.some((each) => each.id === id)) this.#ended.add(id);
  }

  #enter(entry: LedgerEntry): void {
    this.ledger.push(entry);
    this.#balance += entry.credits;
    demand(entry.seq === this.ledger.length, 'entries have a gap', entry);
    demand(entry.balanceAfter === this.#balance && this.#balance >= 0, 'a balance is wrong', entry);
    demand(entry.credits !== 0 && !this.#ids.has(entry.id), 'an entry is empty or entered twice', entry);
    this.#ids.add(entry.id);
  }
}

/** Applies a run, and calls back with each command before it is applied, and after it was. */
const replay = (
  numbers: readonly number[],
  onStep: (before: Wallet, command: WalletCommand, now: number, applied: Applied) => void,
  clockOf: (maker: CommandMaker, number: number) => number = (maker) => maker.now,
): void => {
  const [maker, auditor] = [new CommandMaker(), new Auditor()];
  let wallet = emptyWallet(ALICE);
  for (const number of numbers) {
    const command = maker.next(number, auditor.ledger);
    const now = clockOf(maker, number);
    const open = wallet.holds.map(({ id }) => id);
    const applied = applyCommand(wallet, command, now);
    auditor.check(applied, open);
    onStep(wallet, command, now, applied);
    // Now and then the journal is moved to the ledger.
    wallet = number % 3 === 0 ? { ...applied.wallet, journal: [] } : applied.wallet;
  }
};

const nothing = () => undefined;

describe('whatever is done to a wallet', () => {
  it('nothing is ever negative, entries sum to grants without a gap, and a hold ends once', () => {
    fc.assert(
      fc.property(steps, (numbers) => {
        replay(numbers, nothing);
      }),
      runs(5_000),
    );
  }, 120_000);

  it('the books stay right where clocks differ and now goes back a little', () => {
    fc.assert(
      fc.property(steps, (numbers) => {
        replay(numbers, nothing, (maker, number) => maker.now - (number % 7 === 0 ? number % 1_500 : 0));
      }),
      runs(4_000),
    );
  }, 120_000);

  it('the same command twice equals once', () => {
    fc.assert(
      fc.property(steps, (numbers) => {
        replay(numbers, (_before, command, now, { wallet, result }) => {
          const again = applyCommand(wallet, command, now);
          demand(again.wallet === wallet && again.entries.length === 0, 'a command was applied twice', command);
          // It says by how much the balance changed, and what is missing: the second time it changes nothing.
          const settled = { ...result, credits: 0 };
          const first = command.kind === 'settlePurchase' && result.status === 'APPLIED' ? settled : result;
          const isSame = JSON.stringify(again.result) === JSON.stringify(first);
          demand(isSame, 'a command that came again got another answer', [command, result, again.result]);
        });
      }),
      runs(3_000),
    );
  }, 120_000);

  it('release after capture changes nothing, and neither does capture after release', () => {
    fc.assert(
      fc.property(steps, (numbers) => {
        replay(numbers, (before, command, now, { wallet, result }) => {
          if (result.status === 'REFUSED' || (command.kind !== 'capture' && command.kind !== 'release')) return;
          if (!sweep(before, now).holds.some(({ id }) => id === command.holdId)) return;
          const other = command.kind === 'capture' ? release(command.holdId) : capture(command.holdId, 0);
          const late = applyCommand(wallet, other, now);
          demand(late.wallet === wallet, 'a hold ended twice', command);
          demand(late.result.status === 'REFUSED' && late.result.fault === 'HOLD_ENDED', 'wrong fault', late.result);
        });
      }),
      runs(2_000),
    );
  }, 120_000);

  it('letting time pass in between changes no result, no entry and nothing that can be seen', () => {
    const seen = (wallet: Wallet, now: number) => JSON.stringify(viewAt(wallet, now));
    fc.assert(
      fc.property(steps, (numbers) => {
        const maker = new CommandMaker();
        const ledger: LedgerEntry[] = [];
        let [lazy, swept] = [emptyWallet(ALICE), emptyWallet(ALICE)];
        for (const number of numbers) {
          const from = maker.now;
          const command = maker.next(number, ledger);
          const { now } = maker;
          for (const part of [0.3, 0.9, 1]) swept = sweep(swept, Math.floor(from + (now - from) * part));
          const [a, b] = [applyCommand(lazy, command, now), applyCommand(swept, command, now)];
          demand(JSON.stringify(a.result) === JSON.stringify(b.result), 'another result', [
            command,
            a.result,
            b.result,
          ]);
          [lazy, swept] = [a.wallet, b.wallet];
          demand(seen(lazy, now) === seen(swept, now), 'something else is seen', command);
          // A command that is refused leaves the lazy wallet as it was: its entries are compared once time has passed.
          const due = sweep(lazy, now).journal;
          demand(JSON.stringify(due) === JSON.stringify(sweep(swept, now).journal), 'other entries', [
            due,
            swept.journal,
          ]);
          ledger.push(...due);
          [lazy, swept] =
            number % 2 === 0
              ? [
                  { ...sweep(lazy, now), journal: [] },
                  { ...sweep(swept, now), journal: [] },
                ]
              : [lazy, swept];
        }
      }),
      runs(3_000),
    );
  }, 120_000);
});

describe('independent commands', () => {
  /** The commands of one caller, which belong together and come in this order. */
  const chainOf = (number: number, index: number): readonly WalletCommand[] => {
    const dice = new Dice(number);
    const id = `h${index}`;
    const set = hold(id, dice.roll(9), { units: [claim(dice.roll(3), { limit: 10_000 })] });
    const ends: readonly (readonly WalletCommand[])[] = [
      [capture(id, 0)],
      [release(id)],
      [extend('x', id, 3), capture(id, 2)],
      [extend('x', id, 3), capture(id, 3, { units: [claim(0)] }), refund(`r${index}`, id, 1)],
      [],
    ];
    const others: readonly WalletCommand[] = [grant(id, 1 + dice.roll(9), { priority: dice.roll(3) }), adjust(id, -1)];
    const other = others[dice.roll(6)];
    return other === undefined ? [set, ...(ends[dice.roll(ends.length)] ?? [])] : [other];
  };

  /** One order in which the chains' commands can arrive. */
  const interleave = (chains: readonly (readonly WalletCommand[])[], choices: readonly number[]) => {
    const waiting = chains.map((chain) => [...chain]);
    const arrived: WalletCommand[] = [];
    for (let turn = 0; waiting.some((chain) => chain.length > 0); turn += 1) {
      const left = waiting.filter((chain) => chain.length > 0);
      const next = left[(choices[turn % choices.length] ?? 0) % left.length]?.shift();
      if (next !== undefined) arrived.push(next);
    }
    return arrived;
  };

  const balancesAfter = (commands: readonly WalletCommand[]) => {
    let wallet = applyCommand(emptyWallet(ALICE), grant('first', 5_000), NOW).wallet;
    const results = new Map<WalletCommand, string>();
    for (const command of commands) {
      const applied = applyCommand(wallet, command, NOW);
      results.set(command, JSON.stringify(applied.result));
      ({ wallet } = applied);
    }
    const { available, held, counters } = viewAt(wallet, NOW);
    return { available, held, counters, sum: wallet.entrySum, results };
  };

  it('give the same balances in whatever order they arrive', () => {
    const chains = fc.array(step, { minLength: 2, maxLength: 60, size: 'max' });
    const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(chains, choices, choices, (numbers, first, second) => {
        const made = numbers.map(chainOf);
        const [a, b] = [interleave(made, first), interleave(made, second)].map(balancesAfter);
        const isSame = [...(a?.results ?? [])].every(([command, result]) => b?.results.get(command) === result);
        demand(isSame, 'a command got another result', numbers);
        const [seen, expected] = [a, b].map((each) => JSON.stringify({ ...each, results: [] }));
        demand(seen === expected, 'other balances', [seen, expected]);
      }),
      runs(3_000),
    );
  }, 120_000);
});

it('a run is made of commands that do something: none of the properties holds for want of cases', () => {
  const applied = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: COMMANDS_MAX, maxLength: COMMANDS_MAX }), (numbers) => {
      replay(numbers, (_before, { kind }, _now, { result }) => {
        if (result.status === 'APPLIED') applied.set(kind, (applied.get(kind) ?? 0) + 1);
      });
    }),
    { seed, numRuns: 20 },
  );
  const kinds = ['grant', 'hold', 'extend', 'capture', 'release', 'adjust', 'refund', 'settlePurchase'];
  expect(kinds.filter((kind) => (applied.get(kind) ?? 0) < 20)).toEqual([]);
});

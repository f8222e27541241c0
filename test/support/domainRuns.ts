/**
 * Random runs of wallet commands. A run is a list of whole numbers, which are what fast-check shrinks; each number says
 * how time moves on and what is tried next, given what was tried before.
 */
import { grantId, holdId } from '../../src/domain/ids.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { DAY_MS, HOUR_MS } from '../../src/domain/period.js';
import { windowAt } from '../../src/domain/timeZone.js';
import type { LimitClaim } from '../../src/domain/wallet.js';
import { budgetClaim } from '../../src/domain/budget.js';
import type { CaptureCommand } from '../../src/domain/walletHolds.js';
import type { WalletCommand } from '../../src/domain/walletCommand.js';
import { MINUTE_MS } from './domain.js';

/** From `TOLLGATE_SEED`, or new; printed, so that a run that fails can be repeated. */
export const seedOfRun = (name: string): number => {
  const given = process.env['TOLLGATE_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
  console.log(`${name}: TOLLGATE_SEED=${seed}`);
  return seed;
};

/** How many runs to make of so many: all, or the part that `TOLLGATE_RUNS` asks for, as in `0.1` or `10`. */
export const runsOf = (runs: number): number => Math.ceil(runs * Number(process.env['TOLLGATE_RUNS'] ?? 1));

/** Takes one roll of a die after the other out of a number of 32 bits. */
export class Dice {
  #left: number;
  constructor(step: number) {
    this.#left = step;
  }
  /** A whole number from 0 to `sides` - 1. Small steps give small numbers, so that what shrinks gets simpler. */
  roll(sides: number): number {
    const rolled = this.#left % sides;
    this.#left = Math.floor(this.#left / sides);
    return rolled;
  }
  pick<const Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.roll(items.length)] ?? items[0];
  }
}

/** The same numbers for the same seed (mulberry32). */
export const randomSteps = (seed: number, length: number): readonly number[] => {
  let state = seed;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
};

const START = Date.UTC(2025, 0, 31, 22, 58);
const ADVANCES_MS = [
  1,
  900,
  900,
  20_000,
  20_000,
  MINUTE_MS,
  MINUTE_MS,
  4 * MINUTE_MS,
  11 * MINUTE_MS,
  HOUR_MS,
  DAY_MS,
] as const;
const TTLS_MS = [30_000, MINUTE_MS, 2 * MINUTE_MS, HOUR_MS] as const;
const RECENT_HOLDS = 4;
const RECENT_GRANTS = 5;
/** A purchase is paid, refunded and disputed within so many commands. */
const PURCHASE_COMMANDS = 60;

const NOTHING_CAPTURED: CaptureCommand = { kind: 'capture', holdId: holdId('none'), lines: [], units: [] };

/** Makes up commands that a caller could send, most of which can succeed. Each has an id of its own. */
export class CommandMaker {
  now = START;
  #made = 0;
  readonly #holds: string[] = [];
  readonly #grants: string[] = [];
  readonly #captures: CaptureCommand[] = [];

  /** `ledger` is all that was entered so far: what the store would find. */
  next(step: number, ledger: readonly LedgerEntry[]): WalletCommand {
    const dice = new Dice(step);
    if (dice.roll(10) === 0) this.now += dice.pick(ADVANCES_MS);
    const made = (this.#made += 1);
    switch (
      dice.pick([
        'grant',
        'hold',
        'hold',
        'hold',
        'capture',
        'capture',
        'return',
        'release',
        'extend',
        'adjust',
        'refund',
        'settlePurchase',
      ])
    ) {
      case 'grant':
        return this.#grant(`g${made}`, dice, ledger);
      case 'hold':
        return this.#hold(`h${made}`, dice);
      case 'extend':
        return {
          kind: 'extend',
          id: `x${made}`,
          holdId: this.#recentHold(dice),
          credits: dice.roll(4),
          units: this.#claims(dice),
        };
      case 'capture':
        return this.#capture(`c${made}`, dice);
      case 'return':
        return this.#return(dice);
      case 'release':
        return { kind: 'release', holdId: this.#recentHold(dice) };
      case 'adjust':
        return this.#adjust(`a${made}`, dice);
      case 'settlePurchase': {
        const ttl = dice.pick([null, MINUTE_MS, HOUR_MS]);
        return {
          kind: 'settlePurchase',
          grantId: grantId(`p${Math.floor(made / PURCHASE_COMMANDS)}.${dice.roll(2)}`),
          target: dice.roll(13),
          expiresAt: ttl === null ? null : this.now + ttl,
          reason: 'purchase',
          recorded: ledger,
        };
      }
      case 'refund': {
        const charges = ledger.filter(({ kind }) => kind === 'CHARGE');
        const of = charges.at(-1 - dice.roll(RECENT_HOLDS))?.holdId ?? this.#recentHold(dice);
        const credits = 1 + dice.roll(4);
        return {
          kind: 'refund',
          id: `r${made}`,
          holdId: of,
          credits,
          reason: 'complaint',
          history: ledger,
          recorded: [],
        };
      }
    }
  }

  #grant(id: string, dice: Dice, ledger: readonly LedgerEntry[]): WalletCommand {
    this.#grants.push(id);
    const ttl = dice.pick([null, 20_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]);
    const command = {
      kind: 'grant',
      id: grantId(id),
      credits: 1 + dice.roll(12),
      expiresAt: ttl === null ? null : this.now + ttl,
      priority: dice.roll(3) - 1,
      reason: 'top-up',
    } as const;
    return dice.roll(2) === 0 ? command : { ...command, recorded: ledger };
  }

  #hold(id: string, dice: Dice): WalletCommand {
    this.#holds.push(id);
    const expiresAt = this.now + dice.pick(TTLS_MS);
    return { kind: 'hold', id: holdId(id), credits: dice.roll(10), units: this.#claims(dice), expiresAt };
  }

  #capture(operation: string, dice: Dice): WalletCommand {
    const first = { coordinate: 'Query.first', credits: dice.roll(5) };
    const second = { coordinate: 'Query.second', credits: dice.roll(3) };
    const lines = second.credits === 0 ? [first] : [first, second];
    const units =
      dice.roll(2) === 0 ? [] : this.#claims(dice).map(({ key, window, units: n }) => ({ key, window, units: n }));
    const command = { kind: 'capture', holdId: this.#recentHold(dice), lines, units, operation } as const;
    this.#captures.push(command);
    return command;
  }

  /** Of one of the last captures, whether it was carried out or not. */
  #return(dice: Dice): WalletCommand {
    const used = { day: '2025-01-31', lines: [] };
    const captured = this.#captures.at(-1 - dice.roll(RECENT_HOLDS)) ?? NOTHING_CAPTURED;
    return { ...captured, kind: 'return', used };
  }

  #adjust(id: string, dice: Dice): WalletCommand {
    const credits = dice.roll(9) - 4;
    const grants = this.#grants.slice(-RECENT_GRANTS);
    const of = grants[dice.roll(RECENT_GRANTS * 2)];
    return {
      kind: 'adjust',
      id,
      credits: credits === 0 ? 5 : credits,
      grantId: of === undefined ? null : grantId(of),
      reason: 'correction',
      recorded: [],
    };
  }

  #claims(dice: Dice): readonly LimitClaim[] {
    const per = dice.pick([null, 'HOUR', 'DAY', 'MONTH']);
    if (per === null) return [];
    const limit = { key: `cities:${per}`, window: windowAt(per, 'UTC', this.now), units: dice.roll(4), limit: 9 };
    const spent = dice.roll(3);
    const budget = { credits: 12, per: 'DAY', countedAs: 'key' } as const;
    return spent === 0 ? [limit] : [limit, budgetClaim(budget, spent, 'UTC', this.now)];
  }

  /** One of the last, or now and then one that never was. */
  #recentHold(dice: Dice): ReturnType<typeof holdId> {
    const back = dice.roll(RECENT_HOLDS);
    return holdId(dice.roll(10) === 0 ? 'none' : (this.#holds.at(-1 - back) ?? 'none'));
  }
}

/**
 * What was delivered without a hold: fields that a plan covers without a limit cost their operations no write. It is gathered
 * in memory and counted in the wallet some seconds later, many operations in one write. A process that dies takes what it
 * gathered since with it: no credits and no units of a limit are in it.
 */
import type { AccountId, HoldId } from '../domain/ids.js';
import { holdId } from '../domain/ids.js';
import { addUsage } from '../domain/usage.js';
import type { UsageLine, Used } from '../domain/usage.js';
import { applyCommand } from '../domain/walletCommand.js';
import type { WalletKeeper } from '../ledger/walletKeeper.js';
import { StoreError } from '../store/storeError.js';
import type { Settings } from './settings.js';

const WRITE_EVERY_MS = 5_000;
/** Batches that could not be written yet. What is more is not counted. */
const BATCHES_MAX = 10_000;
const HOLD_MS = 60_000;

/** What one account used in one day. Its id makes it count once, however often it is sent. */
interface Batch {
  readonly id: HoldId;
  readonly accountId: AccountId;
  readonly day: string;
  readonly lines: Map<string, UsageLine>;
}

export class UsageNotes {
  #gathering = new Map<string, Batch>();
  /** What was sent and is not known to have been written. */
  #unsure: readonly Batch[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly keeper: Pick<WalletKeeper, 'apply'>,
    private readonly settings: Pick<Settings, 'newId' | 'onFailure'>,
  ) {}

  /** Never waits for the store. `null`: nobody's. */
  note(accountId: AccountId | null, { day, lines }: Used): void {
    if (accountId === null || lines.length === 0) return;
    const name = `${day} ${accountId}`;
    let batch = this.#gathering.get(name);
    if (batch === undefined) {
      batch = { id: holdId(`usage/${this.settings.newId()}`), accountId, day, lines: new Map() };
      this.#gathering.set(name, batch);
    }
    for (const line of lines) {
      const known = batch.lines.get(line.coordinate);
      const { coordinate } = line;
      batch.lines.set(coordinate, known === undefined ? line : { coordinate, ...addUsage(known, line) });
    }
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_EVERY_MS).unref();
  }

  /** Writes what was noted so far. Resolves also where that fails: it is tried again with what comes next. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const batches = [...this.#unsure, ...this.#gathering.values()].slice(0, BATCHES_MAX);
    this.#gathering = new Map();
    const left = await Promise.all(batches.map(async (batch) => ((await this.#count(batch)) ? [] : [batch])));
    this.#unsure = left.flat();
  }

  async #count({ id, accountId, day, lines }: Batch): Promise<boolean> {
    try {
      await this.keeper.apply<void, void>(accountId, {
        decide: (wallet, now) => {
          const expiresAt = now + HOLD_MS;
          const held = applyCommand(wallet, { kind: 'hold', id, credits: 0, units: [], expiresAt }, now);
          if (held.result.status === 'APPLIED') {
            const used = { day, lines: [...lines.values()] };
            const capture = { kind: 'capture', holdId: id, lines: [], units: [], used } as const;
            return { wallet: applyCommand(held.wallet, capture, now).wallet, outcome: undefined };
          }
          // It was counted before, and the reply was lost.
          if (held.result.fault === 'CONFLICT') return { wallet, outcome: undefined };
          throw new StoreError('OVERLOADED', `Usage of ${accountId} could not be counted: ${held.result.fault}.`);
        },
      });
      return true;
    } catch (error) {
      this.settings.onFailure(error);
      return false;
    }
  }
}

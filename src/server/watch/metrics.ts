/**
 * Figures for Prometheus. Every label has few values that are known beforehand: nothing that comes from outside, an
 * account or the name of an operation say, is one.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Engine } from '../../paywall/engine.js';
import type { StoreFigures } from '../../store/watchStore.js';
import type { Ended } from './ended.js';
import type { OperatorEnded } from './ended.js';
import type { StoreClock } from './storeClock.js';

const MS_PER_SECOND = 1000;
const OPERATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const STORE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

/** What of an engine is read when the figures are asked for. */
export type WatchedEngine = Pick<Engine, 'keeper' | 'background' | 'keyUses' | 'refusals'>;

export class Metrics {
  readonly #registry = new Registry();
  readonly #operations = this.#counter('operations_total', 'Operations that were answered.', [
    'transport',
    'type',
    'status',
    'outcome',
  ]);
  readonly #durations = this.#histogram(
    'operation_duration_seconds',
    'From the first byte of a request to the last of its answer.',
    OPERATION_SECONDS,
    ['type', 'outcome'],
  );
  readonly #refusals = this.#counter(
    'refusals_total',
    'Operations of which at least one field was refused, by reason. One with two reasons counts under both.',
    ['reason'],
  );
  readonly #operatorOperations = this.#counter(
    'operator_operations_total',
    'Operations of operators that were answered, which count nowhere else.',
    ['type', 'status'],
  );
  /** What operations count while they are under way. */
  readonly credits = {
    charged: this.#counter('credits_charged_total', 'Credits charged by operations.'),
    held: this.#counter('credits_held_total', 'Credits set aside for operations.'),
    givenBack: this.#counter(
      'credits_given_back_total',
      'Credits charged for answers that could not be sent, and given back.',
    ),
  };
  readonly holdsOpen = this.#gauge('holds_open', 'Operations of this process that have something set aside now.');
  readonly storeCalls: StoreFigures = {
    seconds: this.#histogram(
      'store_call_duration_seconds',
      'How long calls of the store take, those that fail too.',
      STORE_SECONDS,
      ['verb'],
    ),
    batchSizes: this.#histogram('store_batch_size', 'Values per call of the store.', BATCH_SIZES, ['verb']),
    failures: this.#counter('store_failures_total', 'Calls of the store that failed, by error code.', ['verb', 'code']),
  };

  operationEnded({ transport, type, status, outcome, reasons, durationMs }: Ended): void {
    const kind = { type: type ?? 'none', outcome };
    this.#operations.inc({ transport, status: String(status ?? ''), ...kind });
    this.#durations.observe(kind, durationMs / MS_PER_SECOND);
    for (const reason of reasons) this.#refusals.inc({ reason });
  }

  operatorOperationEnded({ type, status }: OperatorEnded): void {
    this.#operatorOperations.inc({ type: type ?? 'none', status: String(status) });
  }

  /** Adds what an engine counts by itself. */
  watchEngine({ keeper, background, keyUses, refusals }: WatchedEngine): void {
    this.#read('queue_length', 'What waits to be written, by queue.', ['queue'], (gauge) => {
      const { queueLength, journalLength } = keeper.stats;
      gauge.set({ queue: 'wallet' }, queueLength);
      gauge.set({ queue: 'journal' }, journalLength);
      gauge.set({ queue: 'settlement' }, background.length);
      gauge.set({ queue: 'key_use' }, keyUses.length);
      gauge.set({ queue: 'refusal' }, refusals.queued);
    });
    this.#count('wallet_tasks_total', 'Changes of wallets that were carried out.', () => keeper.stats.tasks);
    this.#count('wallet_writes_total', 'Writes that carried them out, several in one.', () => keeper.stats.commits);
    this.#count('wallet_races_total', 'Writes that another process was first with.', () => keeper.stats.races);
    this.#count('refusals_dropped_total', 'Refusals of which no record is kept.', () => refusals.dropped);
  }

  /** Adds how far this server's clock is from the store's; nothing until that was measured. */
  watchClock(clock: Pick<StoreClock, 'skewMs'>): void {
    this.#read('clock_skew_seconds', 'This server’s clock minus the store’s', [], (gauge) => {
      gauge.reset();
      if (clock.skewMs !== null) gauge.set(clock.skewMs / MS_PER_SECOND);
    });
  }

  /** Adds the figures of the process: memory, processor time, event loop, garbage collection. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format of Prometheus. */
  read(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) {
    return new Counter({ name: `tollgate_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string) {
    return new Gauge({ name: `tollgate_${name}`, help, registers: [this.#registry] });
  }

  #histogram<Label extends string>(name: string, help: string, buckets: number[], labelNames: readonly Label[]) {
    return new Histogram({ name: `tollgate_${name}`, help, buckets, labelNames, registers: [this.#registry] });
  }

  #read<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (gauge: Gauge<Label>) => void,
  ): void {
    new Gauge({
      name: `tollgate_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        collect(this);
      },
    });
  }

  #count(name: string, help: string, read: () => number): void {
    new Counter({
      name: `tollgate_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}

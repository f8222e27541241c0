/**
 * How far this server's clock is from the store's. Holds expire by the clock of whoever looks at them: where two servers
 * are apart by a hold's life, the one takes what the other still holds for expired.
 */
import type { Settings } from '../../accounts/settings.js';
import { inTime } from '../../store/inTime.js';
import type { Store } from '../../store/store.js';

const MEASURE_EVERY_MS = 60_000;
const TIMEOUT_MS = 1_000;

export interface ClockReading {
  /** This server's clock minus the store's; `null`: it could not be measured yet. */
  readonly skewMs: number | null;
  /** Beyond that two servers may be apart by a hold's life. */
  readonly toleratedMs: number;
  readonly isTolerable: boolean;
}

export interface ClockOptions {
  readonly store: Pick<Store, 'readClock'>;
  readonly settings: Pick<Settings, 'now' | 'holdTtlMs'>;
  /** Told when it comes to be too far off. */
  readonly onApart: (reading: ClockReading) => void;
}

export class StoreClock {
  #skewMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: ClockOptions) {}

  /** Measures now, and from time to time until it is stopped. */
  start(): void {
    void this.measure();
    this.#timer = setInterval(() => void this.measure(), MEASURE_EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** `null`: not measured yet. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  /** What was measured last, and measures where nothing was. */
  async read(): Promise<ClockReading> {
    if (this.#skewMs === null) await inTime(this.measure(), TIMEOUT_MS, () => undefined);
    return this.#reading();
  }

  /** A store that can't tell leaves what was measured before. */
  async measure(): Promise<void> {
    const { store, settings, onApart } = this.options;
    const wasTolerable = this.#reading().isTolerable;
    const [sentAt, since] = [settings.now(), performance.now()];
    try {
      const at = await store.readClock();
      // It was read somewhere in between.
      const halfway = sentAt + (performance.now() - since) / 2;
      this.#skewMs = Math.round(halfway - at);
    } catch {
      return;
    }
    if (wasTolerable && !this.#reading().isTolerable) onApart(this.#reading());
  }

  #reading(): ClockReading {
    const toleratedMs = this.options.settings.holdTtlMs / 2;
    return { skewMs: this.#skewMs, toleratedMs, isTolerable: Math.abs(this.#skewMs ?? 0) <= toleratedMs };
  }
}

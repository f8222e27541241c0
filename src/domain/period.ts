/**
 * Billing periods: calendar arithmetic in UTC. An instant is a whole number of milliseconds since 1970; it becomes ISO 8601 text at
 * the edge. Periods are half open: the start belongs to them, the end does not.
 */
export type Instant = number;
export type Interval = 'MONTH' | 'YEAR';
export type LimitPer = 'BILLING_PERIOD' | 'MONTH' | 'DAY' | 'HOUR';

export interface Period {
  /** 0 for the period that begins at the anchor; negative before it. */
  readonly index: number;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

export interface Window {
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The largest distance from 1970 that a `Date` can express (ECMAScript, "Time Values and Time Range"). */
export const INSTANT_MAX = 8_640_000_000_000_000;

export const isInstant = (value: unknown): value is Instant =>
  Number.isSafeInteger(value) && Math.abs(Number(value)) <= INSTANT_MAX;

const MONTHS: Readonly<Record<Interval, number>> = { MONTH: 1, YEAR: 12 };

/**
 * `months` calendar months after the anchor, at the anchor's time of day. A day that the month does not have becomes
 * its last day: a month after 31 January is 28 or 29 February, two months after it 31 March.
 */
export const addMonths = (anchor: Instant, months: number): Instant => {
  const from = new Date(anchor);
  const [year, month, day] = [from.getUTCFullYear(), from.getUTCMonth() + months, from.getUTCDate()];
  const timeOfDay = anchor - startOfDay(anchor);
  const lastDay = new Date(midnightOf(year, month + 1, 0)).getUTCDate();
  return midnightOf(year, month, Math.min(day, lastDay)) + timeOfDay;
};

/** Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999. */
const midnightOf = (year: number, month: number, day: number): Instant => new Date(0).setUTCFullYear(year, month, day);
const startOfDay = (at: Instant): Instant => Math.floor(at / DAY_MS) * DAY_MS;

/** The period with this index, counted from the anchor, so that the anchor's day of month is never lost. */
export const periodOf = (anchor: Instant, interval: Interval, index: number): Period => ({
  index,
  startsAt: addMonths(anchor, index * MONTHS[interval]),
  endsAt: addMonths(anchor, (index + 1) * MONTHS[interval]),
});

/** The period that `now` lies in. */
export const periodAt = (anchor: Instant, interval: Interval, now: Instant): Period => {
  const from = new Date(anchor);
  const to = new Date(now);
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  // Counting months by their names is at most one too far: the day of month may not have been reached yet.
  const period = periodOf(anchor, interval, Math.floor(months / MONTHS[interval]));
  return now < period.startsAt ? periodOf(anchor, interval, period.index - 1) : period;
};

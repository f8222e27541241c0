/**
 * Days and months as a zone's clocks show them (IANA time zone database). A day is as long as its clocks say: 23 or 25
 * hours where they are changed, and where they skip midnight it begins with the first instant that they show.
 */
import { DAY_MS, HOUR_MS } from './period.js';
import type { Instant, LimitPer, Window } from './period.js';

/** A name of the IANA time zone database, as `Europe/Berlin`. */
export type TimeZone = string;

/** Of accounts that none was set for. */
export const UTC: TimeZone = 'UTC';

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: TimeZone): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
};

/** Whether it is the name of a zone. A distance from UTC is none. */
export const isTimeZone = (name: string): name is TimeZone => {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return formatOf(name).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** What the zone's clocks show, as if they showed UTC. */
const clockAt = (timeZone: TimeZone, at: Instant): number => {
  const shown = new Map<string, string>();
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) shown.set(type, value);
  const part = (name: string): number => Number(shown.get(name));
  const year = shown.get('era') === 'BC' ? 1 - part('year') : part('year');
  const date = new Date(0).setUTCFullYear(year, part('month') - 1, part('day'));
  const milliseconds = ((at % 1_000) + 1_000) % 1_000;
  return date + ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1_000 + milliseconds;
};

const offsetAt = (timeZone: TimeZone, at: Instant): number => clockAt(timeZone, at) - at;

/** The first instant at which the zone's clocks have reached this date and time. */
const reaches = (timeZone: TimeZone, shown: number): Instant => {
  const [before, after] = [offsetAt(timeZone, shown - DAY_MS), offsetAt(timeZone, shown + DAY_MS)];
  const [early, late] = [shown - Math.max(before, after), shown - Math.min(before, after)];
  if (clockAt(timeZone, early) === shown) return early;
  if (clockAt(timeZone, late) === shown) return late;
  // The clocks skip it: they have reached it when they are put forward.
  let [notYet, there] = [early - 1, late];
  while (there - notYet > 1) {
    const middle = Math.floor((notYet + there) / 2);
    if (offsetAt(timeZone, middle) < after) notYet = middle;
    else there = middle;
  }
  return there;
};

type Span = 'DAY' | 'MONTH';

/** The last window of each zone: it is asked for at each use, and looked up once. */
const lastWindows = new Map<string, Window>();

/** The window of a limit that `now` lies in. Days and months are those of the zone, hours those of UTC. */
export const windowAt = (per: Exclude<LimitPer, 'BILLING_PERIOD'>, timeZone: TimeZone, now: Instant): Window => {
  if (per === 'HOUR') {
    const startsAt = Math.floor(now / HOUR_MS) * HOUR_MS;
    return { startsAt, endsAt: startsAt + HOUR_MS };
  }
  if (timeZone === UTC && per === 'DAY') {
    const startsAt = Math.floor(now / DAY_MS) * DAY_MS;
    return { startsAt, endsAt: startsAt + DAY_MS };
  }
  const name = `${per} ${timeZone}`;
  const last = lastWindows.get(name);
  if (last !== undefined && last.startsAt <= now && now < last.endsAt) return last;
  const window = timeZone === UTC ? spanOf(per, now, (shown) => shown) : windowIn(timeZone, per, now);
  lastWindows.set(name, window);
  return window;
};

const windowIn = (timeZone: TimeZone, span: Span, now: Instant): Window => {
  const reached = (shown: number) => reaches(timeZone, shown);
  const window = spanOf(span, clockAt(timeZone, now), reached);
  // Clocks that are put back across midnight show the day before once more: it is over all the same.
  return now < window.endsAt ? window : spanOf(span, clockAt(timeZone, window.endsAt), reached);
};

/** The day or month that clocks show at `shown`, from where they reach its start to where they reach the next one. */
const spanOf = (span: Span, shown: number, reached: (shown: number) => Instant): Window => {
  const date = new Date(shown);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const midnight = (ofMonth: number, ofDay: number) => reached(new Date(0).setUTCFullYear(year, ofMonth, ofDay));
  return span === 'DAY'
    ? { startsAt: midnight(month, day), endsAt: midnight(month, day + 1) }
    : { startsAt: midnight(month, 1), endsAt: midnight(month + 1, 1) };
};

/** The day that the zone's clocks show, as `2025-01-16`: of a day that they show once more, the day after. */
export const dayNameAt = (timeZone: TimeZone, now: Instant): string => {
  if (timeZone === UTC) return dateOf(now);
  const window = windowAt('DAY', timeZone, now);
  const last = lastDays.get(timeZone);
  if (last?.window === window) return last.name;
  const name = dateOf(clockAt(timeZone, window.startsAt));
  lastDays.set(timeZone, { window, name });
  return name;
};

const dateOf = (shown: number): string => new Date(shown).toISOString().slice(0, -'T00:00:00.000Z'.length);

/** Of each zone the last day that was asked for: it is at each use. */
const lastDays = new Map<TimeZone, { readonly window: Window; readonly name: string }>();

/** The name of the month that the zone's clocks show, as `2025-01`. */
export const monthNameAt = (timeZone: TimeZone, now: Instant): string =>
  new Date(clockAt(timeZone, now)).toISOString().slice(0, -'-01T00:00:00.000Z'.length);

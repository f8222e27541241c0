/** When an account buys a pack by itself, and when it does not. */
import type { Pack } from './offer.js';
import type { Instant } from './period.js';
import type { AutoTopUp, AutoTopUpStop } from './providerLink.js';
import type { Purchase } from './purchase.js';
import { monthNameAt, windowAt } from './timeZone.js';
import type { TimeZone } from './timeZone.js';

export interface TopUpTerms {
  /** `null`: it is switched off. */
  readonly settings: AutoTopUp | null;
  /** What can be spent now. */
  readonly available: number;
  /** The version on sale; `null`: it is no longer. */
  readonly pack: Pack | null;
  /** Those of the account that were begun in this month of its calendar, at least. */
  readonly purchases: readonly Pick<Purchase, 'origin' | 'status' | 'createdAt'>[];
  readonly timeZone: TimeZone;
}

export type TopUpDue =
  /** `key`: of this purchase and no other, whoever finds that it is due. */
  | { readonly due: true; readonly pack: Pack; readonly key: string }
  | {
      readonly due: false;
      readonly why: 'OFF' | 'STOPPED' | 'ENOUGH' | 'UNDER_WAY' | 'MONTH_FULL' | 'PACK_GONE';
    };

const notDue = (why: Exclude<TopUpDue, { due: true }>['why']): TopUpDue => ({ due: false, why });

export const autoTopUpDue = (
  { settings, available, pack, purchases, timeZone }: TopUpTerms,
  now: Instant,
): TopUpDue => {
  if (settings === null) return notDue('OFF');
  if (settings.stopped !== null) return notDue('STOPPED');
  if (available >= settings.belowCredits) return notDue('ENOUGH');
  const month = windowAt('MONTH', timeZone, now);
  const own = purchases.filter(({ origin, createdAt }) => origin === 'AUTO_TOP_UP' && createdAt >= month.startsAt);
  if (own.some(({ status }) => status === 'OPEN' || status === 'PENDING')) return notDue('UNDER_WAY');
  const bought = own.filter(({ status }) => status === 'PAID').length;
  if (bought >= settings.purchasesPerMonthMax) return notDue('MONTH_FULL');
  if (pack === null) return notDue('PACK_GONE');
  return { due: true, pack, key: `auto-top-up/${monthNameAt(timeZone, now)}/${own.length + 1}` };
};

/** Why it stopped stays until somebody sets it again: the first reason is the one to look at. */
export const stopAutoTopUp = (settings: AutoTopUp, why: AutoTopUpStop['why'], now: Instant): AutoTopUp =>
  settings.stopped === null ? { ...settings, stopped: { at: now, why } } : settings;

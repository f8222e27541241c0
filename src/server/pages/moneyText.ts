/** Amounts as people read them: 4900 minor units of EUR are €49.00, 4900 of JPY are ¥4,900. */
import type { Price } from '../../domain/plan.js';

const moneyText = (amountMinor: number, currency: string): string => {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(Number(`${amountMinor}e-${digits}`));
};

export const priceOf = ({ amountMinor, currency }: Price): string => moneyText(amountMinor, currency);

export const creditsText = (credits: number): string =>
  `${credits.toLocaleString('en')} ${credits === 1 ? 'credit' : 'credits'}`;

/** What time costs under a plan. Whole numbers all the way: products can be more than a double holds exactly. */
import { periodAt } from './period.js';
import type { Instant } from './period.js';
import type { Plan } from './plan.js';

/** The part of an amount, rounded down. */
export const shareOf = (amount: number, part: number, whole: number): number =>
  part === whole ? amount : Number((BigInt(amount) * BigInt(part)) / BigInt(whole));

/** What the time between two instants costs, in minor units, rounded down once. Periods are counted from `anchor`. */
export const priceOfTime = (
  { price, interval }: Pick<Plan, 'price' | 'interval'>,
  anchor: Instant,
  from: Instant,
  until: Instant,
): number => {
  const [first, last] = [periodAt(anchor, interval, from), periodAt(anchor, interval, until)];
  const [firstMs, lastMs] = [BigInt(first.endsAt - first.startsAt), BigInt(last.endsAt - last.startsAt)];
  const wholes = BigInt(last.index - first.index) * firstMs * lastMs;
  const parts = BigInt(until - last.startsAt) * firstMs - BigInt(from - first.startsAt) * lastMs;
  return Number((BigInt(price.amountMinor) * (wholes + parts)) / (firstMs * lastMs));
};

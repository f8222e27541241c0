/** Packs that can be bought: the newest version of each, unless it is archived; the smallest first. */
import type { Pack } from '../domain/offer.js';
import { newestOf } from '../domain/stepPlan.js';

export const packsOnSale = (packs: readonly Pack[]): readonly Pack[] =>
  [...new Set(packs.map(({ id }) => id))]
    .flatMap((id) => newestOf(packs.filter((each) => each.id === id)) ?? [])
    .filter(({ status }) => status === 'ACTIVE')
    .sort((a, b) => a.credits - b.credits || (a.id < b.id ? -1 : 1));

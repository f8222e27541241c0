/** An account's link to its customer at a provider, and what it buys without anybody. */
import { stopAutoTopUp as stopIn } from '../../domain/autoTopUp.js';
import { isCredits } from '../../domain/credits.js';
import { packId } from '../../domain/ids.js';
import type { AccountId } from '../../domain/ids.js';
import { providerLinkId } from '../../domain/providerLink.js';
import type { AutoTopUp, AutoTopUpStop, ProviderLink } from '../../domain/providerLink.js';
import type { Bank } from '../../accounts/bank.js';
import type { Acting } from '../acting.js';
import { carryOutWrites } from '../carryOut.js';
import { loadAccount } from '../loadCurrent.js';
import { badInput, OperatorError } from '../operatorError.js';
import { changedMeanwhile, written } from '../writeAll.js';
import { findPackOnSale } from './packs.js';

export interface LinkNamed {
  readonly accountId: AccountId;
  /** As in `stripe`. */
  readonly provider: string;
}

export const findProviderLink = async ({ store }: Bank, named: LinkNamed): Promise<ProviderLink | null> =>
  (await store.findPayments('providerLinks', [providerLinkId(named)]))[0] ?? null;

/** The account's link, which is made where there is none: before its customer is. */
export const openLink = async (acting: Acting, named: LinkNamed): Promise<ProviderLink> =>
  changeLink(acting, 'openLink', named, {}, (link) => link);

/**
 * Notes the account's customer. The first one stays: a second process that made one too gets it under the same key. Throws
 * `CONFLICT` where the customer is another account's.
 */
export const linkCustomer = (acting: Acting, named: LinkNamed, customerId: string): Promise<ProviderLink> =>
  changeLink(acting, 'linkCustomer', named, { customerId }, (link) =>
    link.customerId === null ? { ...link, customerId } : link,
  );

/** A customer that the provider no longer knows: the next one who buys makes another. */
export const unlinkCustomer = (acting: Acting, named: LinkNamed, customerId: string): Promise<ProviderLink> =>
  changeLink(acting, 'unlinkCustomer', named, { customerId }, (link) =>
    link.customerId === customerId ? { ...link, customerId: null } : link,
  );

const PURCHASES_PER_MONTH_MAX = 100;

/** Switches it on anew, whatever has stopped it, or off (`null`). */
export const setAutoTopUp = async (
  acting: Acting,
  named: LinkNamed,
  wanted: Omit<AutoTopUp, 'stopped'> | null,
): Promise<ProviderLink> => {
  if (wanted !== null) await checkAutoTopUp(acting, wanted);
  const autoTopUp = wanted === null ? null : { ...wanted, stopped: null };
  return changeLink(acting, 'setAutoTopUp', named, { autoTopUp }, (link) => ({ ...link, autoTopUp }));
};

const checkAutoTopUp = async (
  { bank }: Acting,
  { belowCredits, packId: pack, purchasesPerMonthMax: max }: Omit<AutoTopUp, 'stopped'>,
): Promise<void> => {
  if (!isCredits(belowCredits) || belowCredits === 0) throw badInput('belowCredits', 'must be a whole number from 1.');
  if (!isCredits(max) || max === 0 || max > PURCHASES_PER_MONTH_MAX) {
    throw badInput('purchasesPerMonthMax', `must be a whole number from 1 to ${PURCHASES_PER_MONTH_MAX}.`);
  }
  if ((await findPackOnSale(bank, packId(pack))) === null) {
    throw new OperatorError('NOT_FOUND', 'No such pack is on sale.', 'packId');
  }
};

/** Nothing is bought any more, until it is set again. */
export const stopAutoTopUp = (acting: Acting, named: LinkNamed, why: AutoTopUpStop['why']): Promise<ProviderLink> =>
  changeLink(acting, 'stopAutoTopUp', named, { why }, (link) =>
    link.autoTopUp === null ? link : { ...link, autoTopUp: stopIn(link.autoTopUp, why, acting.bank.settings.now()) },
  );

const RACES_MAX = 10;

const changeLink = async (
  acting: Acting,
  verb: string,
  named: LinkNamed,
  args: Readonly<Record<string, unknown>>,
  change: (link: ProviderLink) => ProviderLink,
): Promise<ProviderLink> => {
  for (let races = 0; ; races += 1) {
    const before = await findProviderLink(acting.bank, named);
    const next = change(before ?? newLink(named, acting.bank.settings.now()));
    if (before !== null && JSON.stringify(next) === JSON.stringify(before)) return before;
    try {
      return await writeLink(acting, verb, { ...named, ...args }, before, next);
    } catch (error) {
      const after =
        error instanceof OperatorError && error.code === 'CONFLICT' ? await findProviderLink(acting.bank, named) : null;
      // Another write was first, and not: the customer is another account's.
      if (after === null || after.version === (before?.version ?? 0) || races === RACES_MAX) throw error;
    }
  }
};

const newLink = ({ provider, accountId }: LinkNamed, createdAt: number): ProviderLink => ({
  provider,
  accountId,
  customerId: null,
  createdAt,
  autoTopUp: null,
  version: 0,
});

const writeLink = (
  acting: Acting,
  verb: string,
  args: LinkNamed,
  before: ProviderLink | null,
  next: ProviderLink,
): Promise<ProviderLink> =>
  carryOutWrites(acting, null, {
    verb,
    role: 'ADMIN',
    args: { ...args },
    decide: async () => {
      await loadAccount(acting.bank, args.accountId);
      const link = written(next);
      return {
        writes: [{ kind: 'providerLink', record: next, lost: changedMeanwhile('accountId') }],
        change: { target: `account/${args.accountId}`, before, after: link },
        answer: link,
      };
    },
  });

/**
 * An account's customer at a provider of payments. The link is written before the customer is made, so that whoever dies
 * between the two makes the same one later; an account has one customer, and a customer one account.
 */
import type { ActsRemembered } from './act.js';
import type { AccountId, PackId } from './ids.js';
import type { Instant } from './period.js';

export interface ProviderLink {
  /** As in `stripe`. */
  readonly provider: string;
  readonly accountId: AccountId;
  /** `null`: it is to be made. */
  readonly customerId: string | null;
  readonly createdAt: Instant;
  /** `null`: nothing is bought without somebody. */
  readonly autoTopUp: AutoTopUp | null;
  /** Raised by one at each write; the store compares and sets it. */
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** Its key in a store. Names of providers have no slash. */
export const providerLinkId = ({ provider, accountId }: Pick<ProviderLink, 'provider' | 'accountId'>): string =>
  `${provider}/${accountId}`;

export interface AutoTopUp {
  /** Below this many credits the pack is bought. */
  readonly belowCredits: number;
  readonly packId: PackId;
  /** In a month of the account's calendar. */
  readonly purchasesPerMonthMax: number;
  /** Why nothing is bought any more, until somebody sets it again; `null`: it runs. */
  readonly stopped: AutoTopUpStop | null;
}

export interface AutoTopUpStop {
  readonly at: Instant;
  readonly why: 'ACTION_REQUIRED' | 'CARD_EXPIRED' | 'DECLINED' | 'NO_CARD' | 'PACK_GONE';
}

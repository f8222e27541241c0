/** What a single command makes of a wallet. The commands are in `walletCredits.ts` and `walletHolds.ts`. */
import { isCredits } from './credits.js';
import type { Wallet } from './wallet.js';

/** Why a command changed nothing. Closed; each is named after what is wrong. */
export type WalletFault =
  | 'AMOUNT_INVALID'
  | 'DATES_OUT_OF_ORDER'
  | 'CONFLICT'
  | 'BALANCE_TOO_LARGE'
  | 'TOO_MANY_GRANTS'
  | 'TOO_MANY_HOLDS'
  | 'INSUFFICIENT_CREDITS'
  | 'LIMIT_REACHED'
  | 'UNKNOWN_HOLD'
  | 'HOLD_EXPIRED'
  | 'HOLD_ENDED'
  | 'CAPTURE_EXCEEDS_HOLD'
  | 'UNKNOWN_GRANT'
  | 'GRANT_EXPIRED'
  | 'UNKNOWN_CHARGE'
  | 'REFUND_EXCEEDS_CHARGE';

/** A step's outcome: the changed wallet, or why there is none, or that it was done before. */
export type Step =
  | { readonly kind: 'changed'; readonly wallet: Wallet; readonly credits: number; readonly missing?: number }
  | { readonly kind: 'repeated'; readonly credits: number; readonly missing?: number }
  | { readonly kind: 'refused'; readonly fault: WalletFault };

/** `missing`, here and below: what a purchase's grant can't give back. */
export const changed = (wallet: Wallet, credits: number, missing?: number): Step => ({
  kind: 'changed',
  wallet,
  credits,
  ...(missing === undefined ? {} : { missing }),
});
export const repeated = (credits: number, missing?: number): Step => ({
  kind: 'repeated',
  credits,
  ...(missing === undefined ? {} : { missing }),
});
export const refused = (fault: WalletFault): Step => ({ kind: 'refused', fault });

export const isPositive = (credits: number): boolean => isCredits(credits) && credits > 0;

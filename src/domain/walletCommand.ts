/**
 * What can be done to a wallet: `(wallet, command, now) → { wallet, entries, result }`. Pure: the same arguments give
 * the same answer. A refused or repeated command gives back the very wallet it was given.
 */
import { unreachable } from './invariant.js';
import type { LedgerEntry } from './ledger.js';
import type { Instant } from './period.js';
import type { Wallet } from './wallet.js';
import { adjust, grant, refund } from './walletCredits.js';
import type { AdjustCommand, GrantCommand, RefundCommand } from './walletCredits.js';
import { capture, extend, hold, release, returnUnits } from './walletHolds.js';
import type { CaptureCommand, ExtendCommand, HoldCommand, ReleaseCommand, ReturnCommand } from './walletHolds.js';
import type { Step, WalletFault } from './walletStep.js';
import { settlePurchase } from './settlePurchase.js';
import type { SettlePurchaseCommand } from './settlePurchase.js';
import { sweep } from './sweep.js';

export type WalletCommand =
  | GrantCommand
  | HoldCommand
  | ExtendCommand
  | CaptureCommand
  | ReleaseCommand
  | ReturnCommand
  | AdjustCommand
  | RefundCommand
  | SettlePurchaseCommand;

export type WalletResult =
  /**
   * `credits`: granted, set aside, charged, given back or adjusted by, as the command says. `missing`: what the grant of a
   * purchase can't give back.
   */
  | { readonly status: 'APPLIED'; readonly credits: number; readonly missing?: number }
  | { readonly status: 'REFUSED'; readonly fault: WalletFault };

export interface Applied {
  readonly wallet: Wallet;
  /** What this command and the time that passed before it added to the journal. */
  readonly entries: readonly LedgerEntry[];
  readonly result: WalletResult;
}

export const applyCommand = (wallet: Wallet, command: WalletCommand, now: Instant): Applied => {
  const step = stepOf(sweep(wallet, now), command, now);
  if (step.kind === 'refused') return { wallet, entries: [], result: { status: 'REFUSED', fault: step.fault } };
  const { credits, missing } = step;
  const result: WalletResult = { status: 'APPLIED', credits, ...(missing === undefined ? {} : { missing }) };
  if (step.kind === 'repeated') return { wallet, entries: [], result };
  return { wallet: step.wallet, entries: step.wallet.journal.slice(wallet.journal.length), result };
};

const stepOf = (wallet: Wallet, command: WalletCommand, now: Instant): Step => {
  switch (command.kind) {
    case 'grant':
      return grant(wallet, command, now);
    case 'hold':
      return hold(wallet, command, now);
    case 'extend':
      return extend(wallet, command, now);
    case 'capture':
      return capture(wallet, command, now);
    case 'release':
      return release(wallet, command, now);
    case 'return':
      return returnUnits(wallet, command);
    case 'adjust':
      return adjust(wallet, command, now);
    case 'refund':
      return refund(wallet, command, now);
    case 'settlePurchase':
      return settlePurchase(wallet, command, now);
    default:
      return unreachable(command);
  }
};

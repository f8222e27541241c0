/** Who wants to know when an account was charged: what buys credits unattended, where a server takes money. */
import type { AccountId } from '../domain/ids.js';
import type { Bank } from './bank.js';

/** Waits for nothing and throws nothing: an operation is being answered. `available`: what the account has left. */
export type ChargeListener = (accountId: AccountId, available: number) => void;

const listeners = new WeakMap<Bank['keeper'], ChargeListener>();

/** From now on. The one writer of its wallets stands for a bank. */
export const listenToCharges = ({ keeper }: Pick<Bank, 'keeper'>, listener: ChargeListener): void => {
  listeners.set(keeper, listener);
};

export const afterCharge = ({ keeper }: Pick<Bank, 'keeper'>, ...charge: Parameters<ChargeListener>): void =>
  listeners.get(keeper)?.(...charge);

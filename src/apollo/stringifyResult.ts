/**
 * The last step of a response: its text. What can't be put into JSON, a `BigInt` of a careless scalar say, is not
 * delivered, so what was charged for it is given back.
 */
import type { FormattedExecutionResult } from 'graphql';
import type { GiveBack } from '../paywall/opening.js';

const giveBackByData = new WeakMap<object, GiveBack>();

/** Notes how to give back what was charged for this `data`. */
export const noteCharged = (data: object, giveBack: GiveBack): void => {
  giveBackByData.set(data, giveBack);
};

/** For Apollo Server's `stringifyResult`. */
export const stringifyResult = async (result: FormattedExecutionResult): Promise<string> => {
  try {
    return `${JSON.stringify(result)}\n`;
  } catch (error) {
    const giveBack = result.data == null ? undefined : giveBackByData.get(result.data);
    await giveBack?.();
    throw error;
  }
};

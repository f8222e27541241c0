/**
 * The last step of a response: its text. What can't be put into JSON, a `BigInt` of a careless scalar say, is not
 * delivered, so what was charged for it is given back.
 */
import type { FormattedExecutionResult } from 'graphql';

type Undo = () => Promise<void>;

const undoByData = new WeakMap<object, Undo>();

/** Notes how to give back what was charged for this `data`. */
export const noteCharged = (data: object, undo: Undo): void => {
  undoByData.set(data, undo);
};

/** For Apollo Server's `stringifyResult`. */
export const stringifyResult = async (result: FormattedExecutionResult): Promise<string> => {
  try {
    return `${JSON.stringify(result)}\n`;
  } catch (error) {
    const undo = result.data == null ? undefined : undoByData.get(result.data);
    await undo?.();
    throw error;
  }
};

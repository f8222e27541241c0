/** What a paid resolver may say of its own position. */
import type { GraphQLResolveInfo } from 'graphql';
import { isCredits } from '../../domain/credits.js';
import { coordinateOf } from '../price/requirements.js';
import { drawAt } from './draw.js';

/**
 * Reports how many units a paid position really used, at most as many as were quoted; the rest is released. Without a
 * report all quoted units are charged. The last report counts. Throws `RangeError` for a number of units that can't be.
 */
const report = (info: GraphQLResolveInfo, units: number): void => {
  const draw = drawAt(info.path);
  const coordinate = coordinateOf(info.parentType.name, info.fieldName);
  if (draw === undefined)
    throw new RangeError(`payment.report: ${coordinate} is not a paid field of an operation under way.`);
  if (!isCredits(units) || units > draw.quotedUnits) {
    throw new RangeError(
      `payment.report: ${coordinate} was quoted ${draw.quotedUnits} units and can't have used ${units}: give a whole number from 0 to ${draw.quotedUnits}.`,
    );
  }
  draw.usedUnits = units;
};

export const payment = {
  report,
  /** @deprecated It settles nothing: use `report`. */
  settle: report,
};

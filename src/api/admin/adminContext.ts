/** What resolvers of the admin API know of the request that they answer. */
import { identifyOperator } from '../../admin/identifyOperator.js';
import type { FixedOperators, OperatorActing, OperatorRequest } from '../../admin/identifyOperator.js';
import type { Engine } from '../../paywall/engine.js';

export interface AdminContext extends OperatorActing {
  readonly engine: Engine;
  /** Of a key where no plan says; `null`: any number. */
  readonly keyRequestsPerMinute: number | null;
}

export interface AdminSettings extends Pick<AdminContext, 'keyRequestsPerMinute'> {
  readonly fixedOperators: FixedOperators;
}

/** The context value of a request, or `null` for a key that is no operator's. */
export const adminContext = async (
  engine: Engine,
  request: OperatorRequest,
  { fixedOperators, keyRequestsPerMinute }: AdminSettings,
): Promise<AdminContext | null> => {
  const acting = await identifyOperator(engine, request, fixedOperators);
  return acting === null ? null : { ...acting, engine, keyRequestsPerMinute };
};

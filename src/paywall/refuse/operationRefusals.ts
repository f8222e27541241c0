/** What was refused of one operation: makes its errors, and records them together under the id that all of them carry. */
import type { GraphQLError } from 'graphql';
import type { Standing } from '../../domain/admission.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal, Remedy } from '../../domain/refusal.js';
import type { RecordedRefusal, RefusalRecord } from '../../domain/refusalRecord.js';
import { stateAt } from '../../domain/subscription.js';
import type { Bank } from '../../accounts/bank.js';
import type { Caller } from '../../accounts/caller.js';
import type { CompiledOperation } from '../price/compiledOperation.js';
import { refusalError } from './refusalError.js';
import type { RefusalPlace } from './refusalError.js';

/** What the edge knows of the request, for those who look for it in logs and traces. */
export interface RequestIds {
  readonly requestId: string | null;
  readonly traceId: string | null;
}

const NO_IDS: RequestIds = { requestId: null, traceId: null };

/** Of a long list whose items are refused one by one the first tell all there is to know. */
const REFUSALS_MAX = 50;
/** GraphQL sets no limit to names. */
const NAME_LENGTH_MAX = 200;

/** Whose operation it is, and what is known of it. */
export interface RefusedOperation {
  readonly caller: Caller;
  /** `null`: it got no further than its caller. */
  readonly compiled: Pick<CompiledOperation, 'name' | 'hash'> | null;
  readonly ids?: RequestIds | undefined;
}

export class OperationRefusals {
  #id: string | null = null;
  /** The items of a list can share one refusal: it is noted once. `null`: nothing was refused. */
  #noted: Map<Refusal, RecordedRefusal> | null = null;

  constructor(
    private readonly bank: Pick<Bank, 'settings' | 'refusals'>,
    private readonly operation: RefusedOperation,
  ) {}

  /** Whether anything was refused that is not recorded yet. */
  get isAny(): boolean {
    return this.#noted !== null;
  }

  /** `units`: of one position of the field; `null` where it is about none. */
  errorOf(refusal: Refusal, units: number | null, place?: RefusalPlace): GraphQLError {
    this.#noted ??= new Map();
    if (this.#noted.size < REFUSALS_MAX && !this.#noted.has(refusal)) this.#noted.set(refusal, { ...refusal, units });
    const { newId, remedyUrl, docsUrl } = this.bank.settings;
    const refusalId = (this.#id ??= newId());
    const { accountId } = senderOf(this.operation.caller);
    const told = {
      refusalId,
      docsUrl,
      remedyUrl: (remedy: Remedy) => remedyUrl({ remedy, refusal, accountId, refusalId }),
    };
    return refusalError(refusal, told, place);
  }

  /**
   * Once it is known what became of the rest of the operation. Does nothing where nothing was refused. `standing`: what
   * was known of the caller when it was decided.
   */
  record({ isServed, standing = null }: { readonly isServed: boolean; readonly standing?: Standing | null }): void {
    if (this.#noted === null || this.#id === null) return;
    const { caller, compiled, ids = NO_IDS } = this.operation;
    const at = this.bank.settings.now();
    this.bank.refusals.note({
      id: this.#id,
      at,
      ...senderOf(caller),
      operationName: compiled?.name?.slice(0, NAME_LENGTH_MAX) ?? null,
      operationHash: compiled?.hash ?? null,
      isServed,
      refusals: [...this.#noted.values()],
      ...subscribedTo(standing, at),
      ...ids,
    });
    this.#noted = null;
  }
}

const senderOf = ({ accountId, sentKey }: Caller): Pick<RefusalRecord, 'accountId' | 'keyId'> => ({
  accountId: accountId ?? sentKey?.accountId ?? null,
  keyId: sentKey?.keyId ?? null,
});

const subscribedTo = (standing: Standing | null, at: Instant): Pick<RefusalRecord, 'planId' | 'subscriptionState'> => {
  const { subscription = null, plan = null } = standing?.means ?? {};
  return subscription === null
    ? { planId: null, subscriptionState: null }
    : { planId: subscription.planId, subscriptionState: stateAt(subscription, plan, at) };
};

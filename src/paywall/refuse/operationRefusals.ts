/** What was refused of one operation: makes its errors, and records them together under the id that all of them carry. */
import type { GraphQLError } from 'graphql';
import type { Standing } from '../../domain/admission.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal, RefusalCause, Remedy } from '../../domain/refusal.js';
import type { RecordedRefusal, RefusalRecord } from '../../domain/refusalRecord.js';
import { stateAt } from '../../domain/subscription.js';
import type { Caller } from '../../accounts/caller.js';
import type { CompiledOperation } from '../price/compiledOperation.js';
import type { Engine } from '../engine.js';
import { refusalError } from './refusalError.js';
import type { RefusalContext, RefusalPlace } from './refusalError.js';

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

export class OperationRefusals implements RefusalContext {
  #id: string | undefined;
  #standing: Standing | null = null;
  /** The items of a list can share one refusal: it is noted once. `null`: nothing was refused. */
  #noted: Map<Refusal, RecordedRefusal> | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly caller: Caller,
    private readonly compiled: CompiledOperation | null,
    private readonly ids: RequestIds = NO_IDS,
  ) {}

  get refusalId(): string {
    return (this.#id ??= this.engine.settings.newId());
  }

  get remedyUrl(): (remedy: Remedy) => string | null {
    return this.engine.settings.remedyUrl;
  }

  get docsUrl(): (cause: RefusalCause) => string | null {
    return this.engine.settings.docsUrl;
  }

  /** What was known of the caller when it was decided. */
  set standing(standing: Standing) {
    this.#standing = standing;
  }

  /** `units`: of one position of the field; `null` where it is about none. */
  errorOf(refusal: Refusal, units: number | null, place?: RefusalPlace): GraphQLError {
    this.#noted ??= new Map();
    if (this.#noted.size < REFUSALS_MAX && !this.#noted.has(refusal)) this.#noted.set(refusal, { ...refusal, units });
    return refusalError(refusal, this, place);
  }

  /** Once it is known what became of the rest of the operation. Does nothing where nothing was refused. */
  record({ isServed }: { readonly isServed: boolean }): void {
    if (this.#noted === null) return;
    const at = this.engine.settings.now();
    this.engine.refusals.note({
      id: this.refusalId,
      at,
      ...senderOf(this.caller),
      operationName: this.compiled?.name?.slice(0, NAME_LENGTH_MAX) ?? null,
      operationHash: this.compiled?.hash ?? null,
      isServed,
      refusals: [...this.#noted.values()],
      ...subscribedTo(this.#standing, at),
      ...this.ids,
    });
    this.#noted = null;
  }
}

const senderOf = ({ accountId, sentKey }: Caller): Pick<RefusalRecord, 'accountId' | 'keyId'> => ({
  accountId: accountId ?? sentKey?.accountId ?? null,
  keyId: sentKey?.keyId ?? null,
});

const subscribedTo = (standing: Standing | null, at: Instant): Pick<RefusalRecord, 'planId' | 'subscriptionState'> => {
  const subscription = standing?.means?.subscription ?? null;
  return subscription === null
    ? { planId: null, subscriptionState: null }
    : { planId: subscription.planId, subscriptionState: stateAt(subscription, at) };
};

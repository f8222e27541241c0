/** From what an operation drew and what its response delivers to what it is charged, and what is said of it. */
import { GraphQLError } from 'graphql';
import { StoreError } from '../../store/storeError.js';
import type { DataOrigin, Delivery } from './delivery.js';
import type { Draw } from '../gate/draw.js';
import type { Engine } from '../engine.js';
import { whenReady } from '../../store/maybePromise.js';
import type { MaybePromise } from '../../store/maybePromise.js';
import type { OpenTab } from '../gate/openTab.js';
import { capture, captureOf, chargedFields, deliveredUnits, giveBack } from './charge.js';
import type { Capture, HeldOperation, PaymentSummary } from './charge.js';
import type { OperationWatch } from '../watch.js';

/** The part of a response that says what was delivered; a mutation's is kept for its Idempotency-Key. */
export interface DeliveredResponse {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
}

/**
 * Captures what the response delivers and releases the rest. Resolves with what `extensions.payment` says (`null`:
 * nobody's account is concerned), or with the error to send instead where it could not be confirmed.
 */
export const settleTab = (
  engine: Engine,
  opened: OpenTab,
  response: DeliveredResponse,
  origin: DataOrigin,
): MaybePromise<Settled> =>
  whenReady(opened.tab.close(engine.priced.schema, { data: response.data, origin }), (delivery) =>
    settleDelivery(engine, opened, response, delivery),
  );

export type Settled = PaymentSummary | GraphQLError | null;

/** Waits for nothing where nothing was held. */
const settleDelivery = (
  engine: Engine,
  { account, keyed, watch }: OpenTab,
  response: DeliveredResponse,
  { delivered, undrawn }: Delivery,
): MaybePromise<Settled> => {
  if (account === null) return undrawn === null ? null : withheld(undrawn);
  const held = account.held();
  if (undrawn !== null) {
    const work = async (): Promise<void> => {
      await keyed?.unlock();
      if (held !== null) await giveBack(engine.keeper, held);
    };
    void engine.background.untilDone(work).finally(() => {
      watch.holdEnded();
    });
    return withheld(undrawn);
  }
  const fields = chargedFields(delivered);
  let charged = 0;
  for (const { credits } of fields) charged += credits;
  const summary: PaymentSummary = { charged, balance: account.available, fields };
  if (keyed === null && held === null) return summary;
  return finish(engine, { keyed, watch, held, response, delivered, summary });
};

interface Finishing extends Pick<OpenTab, 'keyed' | 'watch'> {
  readonly held: HeldOperation | null;
  readonly response: DeliveredResponse;
  readonly delivered: readonly Draw[];
  /** With the balance as it is where nothing is captured. */
  readonly summary: PaymentSummary;
}

/** Keeps the answer under its key, and captures what it delivers. */
const finish = async (
  engine: Engine,
  { keyed, watch, held, response, delivered, summary }: Finishing,
): Promise<Settled> => {
  const { charged, fields } = summary;
  const captured = captureOf(delivered, fields);
  const finishing = held === null ? null : { held, captured, charged, watch };
  try {
    if (keyed !== null) {
      const outcome = { ...captured, delivered: deliveredUnits(delivered) };
      const isMine = await keyed.answer(outcome, { response, payment: { charged, fields } });
      if (!isMine) throw new StoreError('OVERLOADED', 'The operation took longer than its Idempotency-Key was locked.');
    }
  } catch (error) {
    return unconfirmed(engine, error, finishing === null ? null : { ...finishing, isKept: false });
  }
  if (finishing === null) return summary;
  try {
    const balance = await capture(engine.keeper, finishing.held, captured);
    watch.charged(charged);
    watch.holdEnded();
    return { ...summary, balance };
  } catch (error) {
    return unconfirmed(engine, error, { ...finishing, isKept: keyed !== null });
  }
};

/** Gives back what a settled operation was charged: its answer could not be sent after all. */
export const undoTab = async (engine: Engine, { account, watch }: OpenTab): Promise<void> => {
  const held = account?.held() ?? null;
  if (held === null) return;
  await engine.background.untilDone(async () => {
    watch.givenBack(await giveBack(engine.keeper, held));
  });
};

/** Nobody was asked to pay for it, so it is not sent: what the resolvers delivered beside it is given back. */
const withheld = (coordinate: string): GraphQLError =>
  new GraphQLError(
    `The answer has a value of ${coordinate} that no resolver of this operation delivered, so it is not paid for and not sent. Answers with paid fields must not come out of a cache.`,
    { extensions: { code: 'UNPAID_VALUE', coordinate } },
  );

interface Unfinished {
  readonly held: HeldOperation;
  readonly captured: Capture;
  /** Credits that the capture charges. */
  readonly charged: number;
  /** An answer that was kept can still be charged for and sent; one that was not is as if it had never been. */
  readonly isKept: boolean;
  readonly watch: OperationWatch;
}

const finishLater = async (engine: Engine, { held, captured, charged, isKept, watch }: Unfinished): Promise<void> => {
  if (isKept) {
    await capture(engine.keeper, held, captured);
    watch.charged(charged);
    return;
  }
  // A charge whose reply was lost is found only now.
  const found = await giveBack(engine.keeper, held);
  if (found === 0) return;
  watch.charged(found);
  watch.givenBack(found);
};

const unconfirmed = (engine: Engine, error: unknown, unfinished: Unfinished | null): GraphQLError => {
  engine.settings.onFailure(error);
  if (unfinished !== null) {
    void engine.background
      .untilDone(() => finishLater(engine, unfinished))
      .finally(() => {
        unfinished.watch.holdEnded();
      });
  }
  return new GraphQLError(
    'The operation ran, but its charge could not be confirmed, so its answer is not sent. Try again later.',
    {
      extensions: { code: 'SERVICE_UNAVAILABLE', reason: 'STORE_UNAVAILABLE', remedy: 'RETRY_LATER', retryable: true },
    },
  );
};

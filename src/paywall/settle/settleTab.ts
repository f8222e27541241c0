/** From what an operation drew and what its response delivers to what it is charged, and what is said of it. */
import { GraphQLError, responsePathAsArray } from 'graphql';
import { afterCharge } from '../../accounts/afterCharge.js';
import { StoreError } from '../../store/storeError.js';
import { capture, giveBack } from '../../ledger/heldOperation.js';
import type { Capture, HeldOperation } from '../../ledger/heldOperation.js';
import type { Refusal } from '../../domain/refusal.js';
import { isOfBudget } from '../../domain/budget.js';
import { dayNameAt, UTC } from '../../domain/timeZone.js';
import { decideDelivered } from '../../domain/decideDelivered.js';
import type { MaybePromise } from '../../domain/maybePromise.js';
import { deliveryOf } from './delivery.js';
import type { DataOrigin, Delivery } from './delivery.js';
import type { Draw } from '../gate/draw.js';
import type { KeptAnswer } from '../gate/keptAnswer.js';
import type { KeyedRun } from '../gate/keyedRun.js';
import { unsendable } from '../gate/unsendable.js';
import type { Engine } from '../engine.js';
import type { OperationHold } from '../gate/operationHold.js';
import type { OpenTab } from '../gate/openTab.js';
import type { DrawnPlace } from '../gate/tab.js';
import { captureOf, chargedFields } from './chargedField.js';
import type { PaymentSummary } from './chargedField.js';
import type { OperationRefusals } from '../refuse/operationRefusals.js';
import { OF_NO_FIELD } from '../refuse/refusalError.js';
import type { OperationWatch } from '../runWatch.js';

/** The part of a response that says what was delivered; it is kept for an Idempotency-Key. */
export interface DeliveredResponse {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
}

export type Settled = PaymentSummary | GraphQLError | null;

/**
 * Captures what the response delivers and releases the rest, and notes what was refused. Resolves with what
 * `extensions.payment` says (`null`: nobody's account is concerned), or with the error to send instead where it could not
 * be confirmed.
 */
export const settleTab = (
  engine: Engine,
  opened: OpenTab,
  response: DeliveredResponse,
  origin: DataOrigin,
): MaybePromise<Settled> => {
  const { tab, standing, watch, refusals } = opened;
  const settle = (): MaybePromise<Settled> => {
    const closed = (places: readonly DrawnPlace[]): MaybePromise<Settled> => {
      const { schema } = engine.priced;
      const { data, errors = [] } = response;
      // Of an answer with a key it is found out where it is kept; one with refusals may not be.
      const isKept = opened.keyed !== null && opened.hold !== null && !refusals.isAny;
      const fault = isKept ? null : unsendable(response, engine.settings.answerBytesMax);
      if (fault !== null) return giveAllBack(engine, opened, fault);
      const { delivered, undrawn } = deliveryOf(schema, tab.admitted, places, { data, errors, origin });
      return settleDelivery(engine, opened, response, { delivered: decidedAnew(delivered, opened), undrawn });
    };
    const places = tab.close();
    return places instanceof Promise ? places.then(closed) : closed(places);
  };
  const noted = (settled: Settled): Settled => {
    refusals.record({ isServed: response.data != null && !(settled instanceof GraphQLError), standing });
    return settled;
  };
  const settling = watch.during?.('settle', settle) ?? settle();
  return settling instanceof Promise ? settling.then(noted) : noted(settling);
};

/** The plan covers what comes first in the document, as far as it was held for whatever place. */
const decidedAnew = (delivered: readonly Draw[], { hold, tab, standing }: OpenTab): readonly Draw[] => {
  const { means } = standing;
  // Most operations hold units of a limit or credits, and no other decision would be possible on either alone.
  if (hold === null || means === null || hold.demand.credits === 0) return delivered;
  if (hold.demand.claims.every(isOfBudget)) return delivered;
  const inOrder = [...delivered].sort(documentOrder);
  const positions = inOrder.map(({ paid, usedUnits, decision }) => ({ requirement: paid, units: usedUnits, decision }));
  const decisions = decideDelivered(positions, { ...standing, means }, hold.demand, tab.openedAt);
  const decisionOf = new Map(inOrder.map((draw, index) => [draw, decisions[index] ?? draw.decision]));
  return delivered.map((draw) => ({ ...draw, decision: decisionOf.get(draw) ?? draw.decision }));
};

/** Place by place, and in a place as the items of its lists stand. */
const documentOrder = (a: Draw, b: Draw): number => {
  if (a.order !== b.order) return a.order - b.order;
  const [left, right] = [responsePathAsArray(a.path), responsePathAsArray(b.path)];
  const index = left.findIndex((key, at) => key !== right[at]);
  return Number(left[index]) - Number(right[index]);
};

/** Waits for nothing where nothing was held. */
const settleDelivery = (
  engine: Engine,
  opened: OpenTab,
  response: DeliveredResponse,
  { delivered, undrawn }: Delivery,
): MaybePromise<Settled> => {
  const { hold, keyed, watch, available } = opened;
  if (hold === null) return undrawn === null ? null : withheld(undrawn);
  const held = hold.current;
  if (undrawn !== null) {
    const work = async (): Promise<void> => {
      await keyed?.unlock();
      if (held !== null) await giveBack(engine.keeper, held, null);
    };
    void engine.background.untilDone(work).finally(() => {
      watch.holdEnded();
    });
    return withheld(undrawn);
  }
  const fields = chargedFields(delivered);
  let charged = 0;
  for (const { credits } of fields) charged += credits;
  const summary: PaymentSummary = { charged, balance: available, fields };
  const timeZone = opened.standing.means?.timeZone ?? UTC;
  const captured = captureOf(delivered, fields, dayNameAt(timeZone, engine.settings.now()));
  if (keyed === null && held === null) {
    engine.usage.note(hold.accountId, captured.used);
    return summary;
  }
  return finish(engine, { keyed, watch, refusals: opened.refusals, hold, held, response, captured, summary });
};

/** Settles for an answer of which nothing is sent, but for this error. */
const giveAllBack = async (engine: Engine, opened: OpenTab, fault: GraphQLError): Promise<GraphQLError> => {
  const settled = await settleDelivery(engine, opened, {}, { delivered: [], undrawn: null });
  return settled instanceof GraphQLError ? settled : fault;
};

interface Finishing extends Pick<OpenTab, 'keyed' | 'watch' | 'refusals'> {
  readonly hold: OperationHold;
  readonly held: HeldOperation | null;
  readonly response: DeliveredResponse;
  readonly captured: ReturnType<typeof captureOf>;
  /** With the balance as it is where nothing is captured. */
  readonly summary: PaymentSummary;
}

/** Keeps the answer under its key, and captures what it delivers. */
const finish = async (
  engine: Engine,
  { keyed, watch, refusals, hold, held, response, captured, summary }: Finishing,
): Promise<Settled> => {
  const { charged, fields } = summary;
  const finishing = held === null ? null : { held, captured, charged, watch };
  try {
    const answer = { response, payment: { charged, fields } };
    const instead = keyed === null ? null : await keepAnswer(keyed, captured, answer, refusals);
    if (instead !== null) {
      if (finishing !== null) finishInBackground(engine, { ...finishing, isKept: false });
      return instead;
    }
  } catch (error) {
    return unconfirmed(engine, refusals, error, finishing === null ? null : { ...finishing, isKept: false });
  }
  if (finishing === null) {
    engine.usage.note(hold.accountId, captured.used);
    return summary;
  }
  hold.captured = captured;
  try {
    const balance = await capture(engine.keeper, finishing.held, captured);
    watch.charged(charged);
    watch.holdEnded();
    if (charged > 0) afterCharge(engine, finishing.held.accountId, balance);
    return { ...summary, balance };
  } catch (error) {
    return unconfirmed(engine, refusals, error, { ...finishing, isKept: keyed !== null });
  }
};

/** Keeps the answer of an operation that has a key. An error: what to send in its place, charged with nothing. */
const keepAnswer = async (
  keyed: KeyedRun,
  captured: Capture,
  answer: KeptAnswer,
  refusals: OperationRefusals,
): Promise<GraphQLError | null> => {
  // A refusal is no answer: the same key runs once it was paid for.
  if (answer.payment?.fields.length === 0 && refusals.isAny) {
    await keyed.unlock();
    return null;
  }
  const kept = await keyed.answer(captured, answer);
  if (kept === 'LOST') {
    throw new StoreError('OVERLOADED', 'The operation took longer than its Idempotency-Key was locked.');
  }
  return kept === 'KEPT' ? null : kept;
};

/**
 * Gives back what a settled operation was charged: its answer could not be sent after all. Under a key it is kept and
 * stays paid for: whoever sends the operation again gets it.
 */
export const giveBackTab = async (engine: Engine, { hold, keyed, watch }: OpenTab): Promise<void> => {
  const held = hold?.current ?? null;
  if (held === null || keyed !== null) return;
  await engine.background.untilDone(async () => {
    watch.givenBack(await giveBack(engine.keeper, held, hold?.captured ?? null));
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
  const found = await giveBack(engine.keeper, held, captured);
  if (found === 0) return;
  watch.charged(found);
  watch.givenBack(found);
};

const finishInBackground = (engine: Engine, unfinished: Unfinished): void => {
  void engine.background
    .untilDone(() => finishLater(engine, unfinished))
    .finally(() => {
      unfinished.watch.holdEnded();
    });
};

/** Refused like anything else that the store could not tell, so that an operator finds it. */
const unconfirmed = (
  engine: Engine,
  refusals: OperationRefusals,
  error: unknown,
  unfinished: Unfinished | null,
): GraphQLError => {
  engine.settings.onFailure(error);
  if (unfinished !== null) finishInBackground(engine, unfinished);
  const refusal: Refusal = { ...OF_NO_FIELD, reason: 'STORE_UNAVAILABLE', retryable: true };
  return new GraphQLError(
    'The operation ran, but its charge could not be confirmed, so its answer is not sent. Try again later.',
    { extensions: refusals.errorOf(refusal, null).extensions },
  );
};

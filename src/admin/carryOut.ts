/**
 * Every act goes this way, whoever acts: whether they may, the idempotency key, the decision, its writes, an entry in the
 * audit log. The entry is written before the answer is kept, so that nothing is answered without one; what is refused
 * leaves an entry too. An act that was cut off goes on where it was, when the same call comes again.
 */
import { attributionOf, redact } from '../domain/audit.js';
import type { AuditEntry } from '../domain/audit.js';
import { mayAct } from '../domain/operator.js';
import type { Role } from '../domain/operator.js';
import { actOf } from './acting.js';
import type { Act, Acting } from './acting.js';
import { checkTexts } from './checkInput.js';
import { inFlight, KeyedAct, scopeOf } from './keyedAct.js';
import { OperatorError } from './operatorError.js';
import { writeAll } from './writeAll.js';
import type { Write } from './writeAll.js';

/** What an act changed, for the audit log. */
export interface Change {
  /** As in `account/acme`. */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What comes of an act: its answer, and what it changed. */
export interface Done<Answer> {
  readonly change: Change;
  readonly answer: Answer;
}

/** One verb with its arguments. `Intent` is plain data: it is kept until the act is done. */
export interface Order<Intent, Answer> {
  readonly verb: string;
  /** What an operator must be. */
  readonly role: Role;
  /** As they were given, for the audit log. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Loads and decides, and changes nothing. Throws `OperatorError` for what can't be done. */
  readonly decide: (act: Act) => Promise<Intent>;
  /** Carries out what was decided. Doing it again changes nothing and comes to the same. */
  readonly save: (intent: Intent, act: Act) => Promise<Done<Answer>>;
}

/** A decision that is records to be written, and is known to its end beforehand. */
export interface Decision<Answer> extends Done<Answer> {
  readonly writes: readonly Write[];
}

/** Carries out an order whose decision is records to be written. */
export const carryOutWrites = <Answer>(
  acting: Acting,
  key: string | null,
  order: Omit<Order<Decision<Answer>, Answer>, 'save'>,
): Promise<Answer> =>
  carryOut(acting, key, {
    ...order,
    save: async ({ writes, change, answer }, act) => {
      await writeAll(acting.bank, act.id, writes);
      return { change, answer };
    },
  });

/** Without a key the act is not remembered: whoever calls again acts again. */
export const carryOut = async <Intent, Answer>(
  acting: Acting,
  key: string | null,
  order: Order<Intent, Answer>,
): Promise<Answer> => {
  const progress: Progress = { isSaved: false };
  try {
    checkRole(acting, order.role);
    checkTexts(order.args, key);
    return await (key === null ? carryOutOnce(acting, order, progress) : carryOutKeyed(acting, key, order, progress));
  } catch (error) {
    // What was saved was not refused: its own entry is written when the call comes again.
    if (progress.isSaved) throw error;
    const id = acting.bank.settings.newId();
    const code = error instanceof OperatorError ? error.code : 'FAILED';
    await record(acting, order, { id, outcome: 'REFUSED', code, change: null });
    throw error;
  }
};

interface Progress {
  isSaved: boolean;
}

/** Others than operators do what their program makes them do. */
export const checkRole = ({ actor }: Pick<Acting, 'actor'>, role: Role): void => {
  if (actor.kind !== 'operator' || mayAct(actor.role, role)) return;
  throw new OperatorError('FORBIDDEN', `This takes the role ${role}, and you have the role ${actor.role}.`);
};

const carryOutOnce = async <Intent, Answer>(
  acting: Acting,
  order: Order<Intent, Answer>,
  progress: Progress,
): Promise<Answer> => {
  const act = actOf([acting.bank.settings.newId()], acting.now);
  return finish(acting, { order, intent: await order.decide(act), act, progress });
};

const carryOutKeyed = async <Intent, Answer>(
  acting: Acting,
  key: string,
  order: Order<Intent, Answer>,
  progress: Progress,
): Promise<Answer> => {
  const keyed = new KeyedAct(acting, order.verb, order.args, key);
  const begun = await keyed.begin();
  if (begun.kind === 'replay') return begun.answer as Answer;
  const act = actOf([JSON.stringify(scopeOf(acting.actor)), key, order.verb], acting.now);
  // Only this order's own decisions are kept under its fingerprint.
  const intent = begun.kind === 'decided' ? (begun.intent as Intent) : await decide(keyed, order, act);
  try {
    await keyed.lock(intent);
    const answer = await finish(acting, { order, intent, act, progress });
    await keyed.answer(answer);
    return answer;
  } catch (error) {
    const ending = error instanceof OperatorError ? keyed.free() : keyed.unlock();
    await ending.catch(acting.bank.settings.onFailure);
    throw error;
  }
};

/** What is refused because the same call was carried out meanwhile is no refusal. */
const decide = async <Intent>(
  keyed: KeyedAct,
  order: Pick<Order<Intent, unknown>, 'decide'>,
  act: Act,
): Promise<Intent> => {
  try {
    return await order.decide(act);
  } catch (error) {
    if (error instanceof OperatorError && (await keyed.begin()).kind !== 'new') throw inFlight();
    throw error;
  }
};

interface Decided<Intent, Answer> {
  readonly order: Order<Intent, Answer>;
  readonly intent: Intent;
  readonly act: Act;
  readonly progress: Progress;
}

const finish = async <Intent, Answer>(
  acting: Acting,
  { order, intent, act, progress }: Decided<Intent, Answer>,
): Promise<Answer> => {
  const { change, answer } = await order.save(intent, act);
  progress.isSaved = true;
  const done = { id: act.idOf('audit'), outcome: 'OK', code: null, change } as const;
  // Once more at once: whoever asked may never come again, and what was done must not stay unrecorded.
  await record(acting, order, done).catch(() => record(acting, order, done));
  return answer;
};

interface Recorded extends Pick<AuditEntry, 'id' | 'outcome' | 'code'> {
  readonly change: Change | null;
}

/** For acts that are safe to repeat by themselves, and keep no decision: an entry for what they changed. */
export const recordDone = (
  acting: Acting,
  order: Pick<Order<never, unknown>, 'verb' | 'args'>,
  change: Change,
): Promise<void> => record(acting, order, { id: acting.bank.settings.newId(), outcome: 'OK', code: null, change });

const record = async (
  { bank, actor, now }: Acting,
  { verb, args }: Pick<Order<never, unknown>, 'verb' | 'args'>,
  { id, outcome, code, change }: Recorded,
): Promise<void> => {
  const entry: AuditEntry = {
    id,
    at: now,
    ...attributionOf(actor),
    mutation: verb,
    arguments: redact(args),
    target: change?.target ?? null,
    before: redact(change?.before),
    after: redact(change?.after),
    outcome,
    code,
  };
  await bank.store.appendAudit([entry]);
};

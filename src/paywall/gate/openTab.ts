/**
 * Opens the tab of an operation before it runs: quote, one round of reads, gate 1, and one atomic write that holds what
 * the admitted positions need. Nothing is held where the operation is blocked or needs no credits.
 */
import { GraphQLError } from 'graphql';
import { withMeans } from '../../domain/demand.js';
import type { Standing } from '../../domain/admission.js';
import { invariant } from '../../domain/invariant.js';
import type { MaybePromise } from '../../domain/maybePromise.js';
import type { Instant } from '../../domain/period.js';
import { firstOf } from '../../domain/refusal.js';
import type { Refusal } from '../../domain/refusal.js';
import type { Caller } from '../../accounts/caller.js';
import { loadCallerStanding, standingOf } from '../../accounts/accountStanding.js';
import type { AccountStanding } from '../../accounts/accountStanding.js';
import { StoreError } from '../../store/storeError.js';
import type { Engine } from '../engine.js';
import type { CompiledOperation } from '../price/compiledOperation.js';
import type { Quote } from '../price/quote.js';
import type { OperationRefusals } from '../refuse/operationRefusals.js';
import type { OperationWatch } from '../runWatch.js';
import { admit, firstPathOf } from './admit.js';
import type { Admission, AdmitRules } from './admit.js';
import { unpackAnswer } from './keptAnswer.js';
import { inFlight, KeyedRun } from './keyedRun.js';
import type { Begun } from './keyedRun.js';
import { OperationHold } from './operationHold.js';
import type { Admitted, HoldOptions, Known } from './operationHold.js';
import { Tab } from './tab.js';

export interface OpenRequest {
  readonly compiled: CompiledOperation;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
  readonly idempotencyKey: string | null;
  readonly watch: OperationWatch;
  readonly refusals: OperationRefusals;
}

/** What becomes of an operation before it runs; `Open` is what runs, and is settled afterwards. */
export type Opened<Open> = Unopened | Open;

export type Unopened =
  /** Run it: nothing of it is paid. Its answer is sent where it has no more bytes than that. */
  | { readonly kind: 'free'; readonly answerBytesMax: number }
  /** Don't run it: the caller's mistake, or an Idempotency-Key that belongs to something else or is in use. */
  | { readonly kind: 'invalid'; readonly errors: readonly GraphQLError[] }
  /** Don't run it: answer with these errors and no `data`. `refusal` is the one that answers for all of them. */
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[]; readonly refusal: Refusal }
  /** Don't run it: it was carried out before under its Idempotency-Key, and this was its response. */
  | { readonly kind: 'replay'; readonly response: Readonly<Record<string, unknown>> };

export interface OpenTab {
  readonly kind: 'open';
  readonly tab: Tab;
  /** What gate 1 decided on. */
  readonly standing: Standing;
  /** `null` for a caller without an account, or where nothing is known of it: nothing was admitted then. */
  readonly hold: OperationHold | null;
  /** Credits that could be spent when the tab was opened. */
  readonly available: number;
  readonly keyed: KeyedRun | null;
  readonly watch: OperationWatch;
  readonly refusals: OperationRefusals;
}

export const openTab = (engine: Engine, request: OpenRequest): MaybePromise<Opened<OpenTab>> => {
  const { caller, watch } = request;
  const now = engine.settings.now();
  const quote = () => quoteAndLoad(engine, request, now);
  const admitTo = (quoted: Unopened | HoldOptions): MaybePromise<Opened<OpenTab>> => {
    if ('kind' in quoted) return quoted;
    const hold = new OperationHold(engine, quoted, watch);
    const opened = (admitted: Admitted | null): Opened<OpenTab> => {
      const tab = openedWith(request, { quoted, hold, admitted });
      // What was read is older than the hold, and than whatever this caller asks for next: that is read anew.
      if (caller.accountId !== null) caller.loaders.accounts.clear(caller.accountId);
      return tab;
    };
    const admitted = hold.admit(now);
    return admitted instanceof Promise ? admitted.then(opened) : opened(admitted);
  };
  const quoted = watch.during?.('quote', quote) ?? quote();
  return quoted instanceof Promise ? quoted.then(admitTo) : admitTo(quoted);
};

interface AtGate {
  readonly quoted: HoldOptions;
  readonly hold: OperationHold;
  /** `null`: another request with the same Idempotency-Key was first. */
  readonly admitted: Admitted | null;
}

const openedWith = ({ watch, refusals }: OpenRequest, { quoted, hold, admitted }: AtGate): Opened<OpenTab> => {
  if (admitted === null) return { kind: 'invalid', errors: [inFlight()] };
  if (admitted.admission.isBlocked) return refuseWhole(admitted, refusals);
  const { known, keyed } = quoted;
  const { admission, standing, at: openedAt } = admitted;
  const tab = new Tab({ admitted: admission.root, standing, openedAt, hold, refusals });
  const available = (standing.means?.credits ?? 0) - admission.demand.credits;
  return known.account === null
    ? { kind: 'open', tab, standing, hold: null, available: 0, keyed: null, watch, refusals }
    : { kind: 'open', tab, standing, hold, available, keyed, watch, refusals };
};

const quoteAndLoad = (engine: Engine, request: OpenRequest, now: Instant): MaybePromise<Unopened | HoldOptions> => {
  const { compiled, variables, caller } = request;
  const quote = compiled.quote(variables);
  if (quote === null) return { kind: 'free', answerBytesMax: engine.settings.answerBytesMax };
  if (quote instanceof GraphQLError) return { kind: 'invalid', errors: [quote] };
  const rules = rulesFor(engine, compiled);
  const keyed = keyedRunOf(engine, request);
  if (keyed !== null) return beginKeyed(engine, request, { quote, rules, keyed, now });
  const quotedFor = (account: AccountStanding | null): HoldOptions => {
    const known = { account, standing: standingOf(caller, account, now) };
    return { quote, compiled, known, rules, keyed };
  };
  const account = loadCallerStanding(caller, engine.shelf, now);
  return account instanceof Promise ? account.then(quotedFor) : quotedFor(account);
};

interface KeyedQuote extends Pick<HoldOptions, 'quote' | 'rules'> {
  readonly keyed: KeyedRun;
  readonly now: Instant;
}

const beginKeyed = async (
  engine: Engine,
  { compiled, caller, refusals }: OpenRequest,
  { quote, rules, keyed, now }: KeyedQuote,
): Promise<Unopened | HoldOptions> => {
  const [read, begun] = await Promise.all([loadKnown(engine, caller, now), begin(engine, keyed, now)]);
  switch (begun.kind) {
    case 'conflict':
      return { kind: 'invalid', errors: [begun.error] };
    case 'unavailable':
      return { quote, compiled, known: withoutMeans(read), rules, keyed };
    case 'answered': {
      const replayed =
        read.account === null
          ? null
          : await replay(engine, { keyed, begun, refusals, again: { quote, standing: read.standing, now, rules } });
      return replayed ?? { quote, compiled, known: withoutMeans(read), rules, keyed };
    }
    case 'run':
      return { quote, compiled, known: read, rules, keyed };
  }
};

const withoutMeans = (read: Known): Known => ({ ...read, standing: withMeans(read.standing, null) });

interface Replay {
  readonly keyed: KeyedRun;
  readonly begun: Extract<Begun, { readonly kind: 'answered' }>;
  readonly refusals: OperationRefusals;
  /** For what gate 1 says of the operation now. */
  readonly again: {
    readonly quote: Quote;
    readonly standing: Standing;
    readonly now: Instant;
    readonly rules: AdmitRules;
  };
}

/**
 * Sends what was answered before, to who may ask for it: means and limits are not asked again, what was paid for stays
 * paid. `null`: the store can't tell whether it was.
 */
const replay = async (engine: Engine, { keyed, begun, refusals, again }: Replay): Promise<Unopened | null> => {
  const { response, payment } = await unpackAnswer(begun.answer);
  const { quote, standing, now, rules } = again;
  const delivered = new Set(payment?.fields.map(({ coordinate }) => coordinate));
  const admission = admit(quote, standing, now, rules);
  const barred = admission.refused.filter(({ refusal: { reason, coordinate } }) =>
    reason === 'SCOPE_MISSING' ? coordinate !== null && delivered.has(coordinate) : reason === 'ACCOUNT_SUSPENDED',
  );
  if (barred.length > 0)
    return refuseWhole({ admission: { ...admission, refused: barred }, standing, at: now }, refusals);
  try {
    const charged = await keyed.charge(begun.record);
    if (!('reason' in charged)) {
      if (payment === null) return { kind: 'replay', response };
      const { fields, charged: credits } = payment;
      const extensions = { payment: { charged: credits, balance: charged.balance, fields } };
      return { kind: 'replay', response: { ...response, extensions } };
    }
    const errors = [refusals.errorOf(charged, null)];
    refusals.record({ isServed: false, standing });
    return { kind: 'refused', errors, refusal: charged };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    engine.settings.onFailure(error);
    return null;
  }
};

const refuseWhole = ({ admission: { refused }, standing }: Admitted, refusals: OperationRefusals): Unopened => {
  const errors = refused.map(({ refusal, quoted, path }) =>
    refusals.errorOf(refusal, quoted.units, { nodes: quoted.place.nodes, path: firstPathOf(path) }),
  );
  refusals.record({ isServed: false, standing });
  const [first, ...rest] = refused.map(({ refusal }) => refusal);
  invariant(first !== undefined, 'an operation was blocked and nothing of it was refused');
  return { kind: 'refused', errors, refusal: firstOf([first, ...rest]) };
};

const loadKnown = async ({ shelf }: Engine, caller: Caller, now: Instant): Promise<Known> => {
  const account = await loadCallerStanding(caller, shelf, now);
  return { account, standing: standingOf(caller, account, now) };
};

/** What gate 1 says of an operation now; nothing is held. `null`: nothing of it is paid. */
export const quoteTab = async (
  engine: Engine,
  { compiled, variables, caller }: Pick<OpenRequest, 'compiled' | 'variables' | 'caller'>,
): Promise<Admission | GraphQLError | null> => {
  const quote = compiled.quote(variables);
  if (quote === null || quote instanceof GraphQLError) return quote;
  const now = engine.settings.now();
  const { standing } = await loadKnown(engine, caller, now);
  return admit(quote, standing, now, rulesFor(engine, compiled));
};

/** A caller without an account has nothing that could be charged twice. */
const keyedRunOf = (engine: Engine, request: OpenRequest): KeyedRun | null => {
  const { compiled, variables, caller, idempotencyKey, watch } = request;
  if (idempotencyKey === null || caller.accountId === null) return null;
  return new KeyedRun(engine, {
    accountId: caller.accountId,
    key: idempotencyKey,
    fingerprint: compiled.fingerprint(variables),
    operationName: compiled.name,
    watch,
  });
};

/** Where the record can't be read nothing is known of what was charged before, so nothing is admitted. */
const begin = async (
  { settings }: Engine,
  keyed: KeyedRun,
  now: Instant,
): Promise<Begun | { readonly kind: 'unavailable' }> => {
  try {
    return await keyed.begin(now);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    settings.onFailure(error);
    return { kind: 'unavailable' };
  }
};

const rulesFor = ({ settings }: Engine, { isMutation }: CompiledOperation): AdmitRules => ({
  isAllOrNothing: isMutation || settings.whenRefused === 'REJECT',
});

/**
 * Opens the tab of an operation before it runs: quote, one round of reads, gate 1, and one atomic write that holds what
 * the admitted positions need. Nothing is held where the operation is blocked or needs no credits.
 */
import { GraphQLError } from 'graphql';
import { decide, meansAfter, withMeans } from '../../domain/admission.js';
import type { Decision, Means, Standing } from '../../domain/admission.js';
import { addDemands, demandOf, isNothing, NO_DEMAND } from '../../domain/demand.js';
import type { Demand } from '../../domain/demand.js';
import type { AccountId } from '../../domain/ids.js';
import { holdId } from '../../domain/ids.js';
import type { HoldId } from '../../domain/ids.js';
import { invariant } from '../../domain/invariant.js';
import type { DeliveredUnits } from '../../domain/keyedOperation.js';
import type { Instant } from '../../domain/period.js';
import type { Refusal } from '../../domain/refusal.js';
import type { Wallet } from '../../domain/wallet.js';
import { applyCommand } from '../../domain/walletCommands.js';
import type { ExtendCommand, HoldCommand } from '../../domain/walletHolds.js';
import { findHold } from '../../domain/walletMoves.js';
import { viewAt } from '../../domain/walletView.js';
import type { Decided } from '../../ledger/walletKeeper.js';
import { StoreError } from '../../store/storeError.js';
import { admit } from './admit.js';
import type { Admission, AdmitRules } from './admit.js';
import type { Caller } from '../../accounts/caller.js';
import { grantIfDue, loadCallerStanding, standingOf } from '../../accounts/standing.js';
import type { AccountStanding } from '../../accounts/standing.js';
import type { CompiledOperation } from '../price/compiledOperation.js';
import type { Engine } from '../engine.js';
import { inFlight, KeyedRun } from './keyedRun.js';
import type { Begun } from './keyedRun.js';
import { whenReady } from '../../store/maybePromise.js';
import type { MaybePromise } from '../../store/maybePromise.js';
import type { Quote, QuotedField } from '../price/quote.js';
import { giveBack } from '../settle/charge.js';
import type { HeldOperation } from '../settle/charge.js';
import { Tab } from './tab.js';
import type { OperationWatch } from '../watch.js';

export interface OpenRequest {
  readonly compiled: CompiledOperation;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
  readonly idempotencyKey: string | null;
  readonly watch: OperationWatch;
}

/** A tab, or why nothing of the operation is to run. */
export type Opened =
  /** Nothing of it is paid. */
  | { readonly kind: 'free' }
  /** Its arguments give no sound price: the caller's mistake. */
  | { readonly kind: 'unsound'; readonly error: GraphQLError }
  | { readonly kind: 'blocked'; readonly admission: Admission; readonly standing: Standing }
  /** Its Idempotency-Key belongs to something else, or to the same operation under way. */
  | { readonly kind: 'conflict'; readonly error: GraphQLError }
  /** It was carried out before under its Idempotency-Key, and what it costs can't be paid any more. */
  | { readonly kind: 'unpaid'; readonly refusal: Refusal }
  /** It was carried out before under its Idempotency-Key: this was its answer. */
  | { readonly kind: 'replay'; readonly answer: string; readonly balance: number }
  | OpenTab;

export interface OpenTab {
  readonly kind: 'open';
  readonly tab: Tab;
  /** What gate 1 decided on. */
  readonly standing: Standing;
  /** `null` for a caller without one: nothing was admitted then. */
  readonly account: TabAccount | null;
  readonly keyed: KeyedRun | null;
  readonly watch: OperationWatch;
}

/** The account that a tab is charged to, and its hold if there is one. */
export interface TabAccount {
  /** What is held, from the start or since a list was longer than quoted; `null`: nothing. */
  readonly held: () => HeldOperation | null;
  /** Credits that could be spent when the tab was opened. */
  readonly available: number;
}

export const openTab = (engine: Engine, request: OpenRequest): MaybePromise<Opened> => {
  const { caller, watch } = request;
  const now = engine.settings.now();
  return whenReady(
    watch.during('quote', () => quoteAndLoad(engine, request, now)),
    (quoted) => {
      if (quoted.kind !== 'quoted') return quoted;
      const opening = new Opening(engine, quoted.terms, watch);
      return whenReady(opening.admit(now), (admitted) => {
        // What was read is older than the hold, and than whatever this caller asks for next: that is read anew.
        if (caller.accountId !== null) caller.loaders.accounts.clear(caller.accountId);
        return admitted === null ? { kind: 'conflict', error: inFlight() } : openedAs(opening, admitted);
      });
    },
  );
};

const openedAs = (opening: Opening, admitted: Admitted): Opened => {
  const { admission, standing } = admitted;
  return admission.isBlocked ? { kind: 'blocked', admission, standing } : opening.tabOf(admitted);
};

type Quoted = Exclude<Opened, { readonly kind: 'open' }> | { readonly kind: 'quoted'; readonly terms: OpeningTerms };

const quoteAndLoad = (engine: Engine, request: OpenRequest, now: Instant): MaybePromise<Quoted> => {
  const { compiled, variables, caller } = request;
  const quote = compiled.quote(variables);
  if (quote === null) return { kind: 'free' };
  if (quote instanceof GraphQLError) return { kind: 'unsound', error: quote };
  const keyed = keyedRunOf(engine, request);
  const quotedWith = (read: Known, begun: KeyedBegun): Quoted => {
    if (begun.kind === 'conflict' || begun.kind === 'replay' || begun.kind === 'unpaid') return begun;
    const known = begun.kind === 'run' ? read : { ...read, standing: withMeans(read.standing, null) };
    const rules = rulesFor(engine, compiled, begun.kind === 'run' ? begun.delivered : []);
    return { kind: 'quoted', terms: { quote, compiled, known, rules, keyed } };
  };
  if (keyed === null) return whenReady(loadKnown(engine, caller, now), (known) => quotedWith(known, UNKEYED));
  const both = Promise.all([loadKnown(engine, caller, now), begin(engine, keyed, now)]);
  return both.then(([known, begun]) => quotedWith(known, begun));
};

/** What was read of the caller, and what is decided by. */
interface Known {
  readonly standing: Standing;
  /** `null` without an account, or where the store could not be asked. */
  readonly account: AccountStanding | null;
}

const loadKnown = async ({ shelf }: Engine, caller: Caller, now: Instant): Promise<Known> => {
  const account = await loadCallerStanding(caller, shelf, now);
  return { account, standing: standingOf(caller, account, now) };
};

type KeyedBegun = Begun | { readonly kind: 'unavailable' };

const UNKEYED: Extract<Begun, { readonly kind: 'run' }> = { kind: 'run', delivered: [] };

/** What gate 1 says of an operation now; nothing is held. `null`: nothing of it is paid. */
export const quoteTab = async (
  engine: Engine,
  { compiled, variables, caller }: Omit<OpenRequest, 'idempotencyKey' | 'watch'>,
): Promise<Admission | GraphQLError | null> => {
  const quote = compiled.quote(variables);
  if (quote === null || quote instanceof GraphQLError) return quote;
  const now = engine.settings.now();
  const { standing } = await loadKnown(engine, caller, now);
  return admit(quote, standing, now, rulesFor(engine, compiled, []));
};

/** A caller without an account has nothing that could be charged twice. */
const keyedRunOf = (engine: Engine, request: OpenRequest): KeyedRun | null => {
  const { compiled, variables, caller, idempotencyKey, watch } = request;
  if (idempotencyKey === null || caller.accountId === null) return null;
  return new KeyedRun(engine, {
    accountId: caller.accountId,
    key: idempotencyKey,
    fingerprint: compiled.fingerprint(variables),
    isMutation: compiled.isMutation,
    operationName: compiled.name,
    watch,
  });
};

/** Where the record can't be read nothing is known of what was charged before, so nothing is admitted. */
const begin = async ({ settings }: Engine, keyed: KeyedRun, now: Instant): Promise<KeyedBegun> => {
  try {
    return await keyed.begin(now);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    settings.onFailure(error);
    return { kind: 'unavailable' };
  }
};

const rulesFor = (
  { settings }: Engine,
  { isMutation }: CompiledOperation,
  delivered: readonly DeliveredUnits[],
): AdmitRules => ({
  isAllOrNothing: isMutation || settings.whenRefused === 'REJECT',
  prepaid: delivered.length === 0 ? NOTHING_PREPAID : new Map(delivered.map((each) => [each.coordinate, each.units])),
});

const NOTHING_PREPAID: AdmitRules['prepaid'] = new Map();

interface Admitted {
  readonly admission: Admission;
  readonly standing: Standing;
  readonly at: Instant;
}

interface OpeningTerms {
  readonly quote: Quote;
  readonly compiled: CompiledOperation;
  readonly known: Known;
  readonly rules: AdmitRules;
  readonly keyed: KeyedRun | null;
}

/** One operation's way through gate 1, and its later wishes for more. */
class Opening {
  /** Made once it is needed. */
  #id: HoldId | null = null;
  #hasHold = false;
  #extensions = 0;

  constructor(
    private readonly engine: Engine,
    private readonly terms: OpeningTerms,
    private readonly watch: OperationWatch,
  ) {}

  get #holdId(): HoldId {
    return (this.#id ??= holdId(this.engine.settings.newId()));
  }

  /**
   * Decides on what was read, and where something must be held, again on the wallet that it is held in. `null` where
   * another request with the same Idempotency-Key was first.
   */
  admit(now: Instant): MaybePromise<Admitted | null> {
    const { quote, known, rules, keyed } = this.terms;
    const { standing } = known;
    const wallet = known.account?.wallet ?? null;
    const admitted = { admission: admit(quote, standing, now, rules), standing, at: now };
    if (wallet === null || admitted.admission.isBlocked) return admitted;
    if (keyed === null && isNothing(admitted.admission.demand)) return admitted;
    return this.watch.during('hold', () => this.#lockAndHold(wallet, admitted));
  }

  async #lockAndHold(wallet: Wallet, admitted: Admitted): Promise<Admitted | null> {
    const { keyed } = this.terms;
    try {
      if (keyed !== null && !(await keyed.lock(this.#holdId, admitted.at))) return null;
      if (isNothing(admitted.admission.demand)) return admitted;
      this.engine.keeper.know(wallet);
      const held = await this.#hold(wallet);
      if (held.admission.isBlocked) await keyed?.unlock();
      return held;
    } catch (error) {
      return this.#withoutStore(error, admitted.at);
    }
  }

  tabOf({ admission, standing, at }: Admitted): OpenTab {
    const { known, rules, keyed } = this.terms;
    const wallet = known.account?.wallet ?? null;
    const { watch } = this;
    const extend = (fields: readonly QuotedField[]) => watch.during('hold', () => this.#extend(fields, standing));
    const tab = new Tab({ admitted: admission.root, standing, openedAt: at, prepaid: rules.prepaid, extend });
    if (wallet === null) return { kind: 'open', tab, standing, account: null, keyed: null, watch };
    const available = (standing.means?.credits ?? 0) - admission.demand.credits;
    const held = () => (this.#hasHold ? this.#heldIn(wallet) : null);
    return { kind: 'open', tab, standing, account: { held, available }, keyed, watch };
  }

  #heldIn({ accountId }: Wallet): HeldOperation {
    return { accountId, holdId: this.#holdId, operationName: this.terms.compiled.name };
  }

  #hold({ accountId }: Wallet): Promise<Admitted> {
    return this.#claim(accountId, (means, at) => {
      const standing = withMeans(this.terms.known.standing, means);
      const admission = admit(this.terms.quote, standing, at, this.terms.rules);
      const demand = admission.isBlocked ? NO_DEMAND : admission.demand;
      return { demand, outcome: { admission, standing, at } };
    });
  }

  /** Decides positions beyond the quote one after the other, and holds what they need. */
  async #extend(fields: readonly QuotedField[], standing: Standing): Promise<readonly Decision[]> {
    const { account } = this.terms.known;
    invariant(account !== null, 'a tab without an account was extended');
    const { wallet } = account;
    const id = this.#hasHold ? `${this.#holdId}/${(this.#extensions += 1)}` : null;
    try {
      return await this.#claim(wallet.accountId, (means, at) => decideAll(fields, withMeans(standing, means), at), id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.engine.settings.onFailure(error);
      this.#hasHold &&= id !== null;
      return decideAll(fields, withMeans(standing, null), this.engine.settings.now()).outcome;
    }
  }

  /**
   * Decides on a wallet and sets aside what the decision needs, in one write. Where the write's reply was lost the
   * wallet tells that it was applied, and what was decided then holds.
   */
  async #claim<Outcome>(
    accountId: AccountId,
    decideOn: (means: Means | null, at: Instant) => { readonly demand: Demand; readonly outcome: Outcome },
    extensionId: string | null = null,
  ): Promise<Outcome> {
    let before: Outcome | undefined;
    let claimed = NO_DEMAND;
    const decided = await this.engine.keeper.apply<void, Outcome>(accountId, {
      decide: (wallet, at): Decided<Outcome> => {
        if (before !== undefined && this.#wasApplied(wallet, extensionId)) return { wallet, outcome: before };
        const { account } = this.terms.known;
        const funded = account === null ? wallet : grantIfDue(wallet, account, at);
        const { demand, outcome } = decideOn(this.#meansIn(funded, at), at);
        before = outcome;
        claimed = demand;
        if (isNothing(demand)) return { wallet, outcome };
        const { wallet: changed, result } = applyCommand(funded, this.#commandFor(demand, extensionId, at), at);
        if (result.status === 'REFUSED') throw new StoreError('FAILED', `The hold was refused: ${result.fault}.`);
        this.#hasHold = true;
        return { wallet: changed, outcome };
      },
    });
    if (!isNothing(claimed)) this.watch.held(claimed.credits);
    return decided;
  }

  #wasApplied(wallet: Wallet, extensionId: string | null): boolean {
    const hold = findHold(wallet, this.#holdId);
    return extensionId === null ? hold !== undefined : (hold?.extensions.some(({ id }) => id === extensionId) ?? false);
  }

  #commandFor({ credits, claims }: Demand, extensionId: string | null, at: Instant): HoldCommand | ExtendCommand {
    return extensionId === null
      ? { kind: 'hold', id: this.#holdId, credits, units: claims, expiresAt: at + this.engine.settings.holdTtlMs }
      : { kind: 'extend', id: extensionId, holdId: this.#holdId, credits, units: claims };
  }

  /** The caller's means with the wallet as it is now. */
  #meansIn(wallet: Wallet, at: Instant): Means | null {
    const { means } = this.terms.known.standing;
    if (means === null) return null;
    const { available, counters } = viewAt(wallet, at);
    return { ...means, credits: available, counters };
  }

  /** The hold could not be confirmed: paid fields are refused, the free ones are served. */
  #withoutStore(error: unknown, at: Instant): Admitted {
    if (!(error instanceof StoreError)) throw error;
    this.engine.settings.onFailure(error);
    // The write may have been applied all the same. Nothing draws on it then: it is given back, or expires by itself.
    const { quote, known, rules, keyed } = this.terms;
    if (this.#hasHold && known.account !== null) {
      const held = this.#heldIn(known.account.wallet);
      void this.engine.background.untilDone(async () => {
        await keyed?.unlock();
        await giveBack(this.engine.keeper, held);
      });
    }
    this.#hasHold = false;
    const standing = withMeans(known.standing, null);
    return { admission: admit(quote, standing, at, rules), standing, at };
  }
}

/** Each position on what the one before it left. */
const decideAll = (
  fields: readonly QuotedField[],
  standing: Standing,
  at: Instant,
): { readonly demand: Demand; readonly outcome: readonly Decision[] } => {
  let [current, demand] = [standing, NO_DEMAND];
  const outcome = fields.map(({ place, units }) => {
    invariant(place.paid !== null, 'a free field asked for more');
    const decision = decide(place.paid, units, current, at);
    demand = addDemands(demand, demandOf(decision, 1));
    current = withMeans(current, current.means === null ? null : meansAfter(current.means, decision));
    return decision;
  });
  return { demand, outcome };
};

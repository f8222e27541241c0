/**
 * Opens the tab of an operation before it runs: quote, one round of reads, gate 1, and one atomic write that holds what
 * the admitted positions need. Nothing is held where the operation is blocked or needs no credits.
 */
import { GraphQLError } from 'graphql';
import { decide, meansAfter } from '../domain/admission.js';
import type { Decision, Means, Standing } from '../domain/admission.js';
import { addDemands, demandOf, isNothing, NO_DEMAND } from '../domain/demand.js';
import type { Demand } from '../domain/demand.js';
import type { AccountId } from '../domain/ids.js';
import { holdId } from '../domain/ids.js';
import type { HoldId } from '../domain/ids.js';
import { invariant } from '../domain/invariant.js';
import type { Instant } from '../domain/period.js';
import type { Wallet } from '../domain/wallet.js';
import { applyCommand } from '../domain/walletCommands.js';
import type { ExtendCommand, HoldCommand } from '../domain/walletCommands.js';
import { findHold } from '../domain/walletMoves.js';
import { viewAt } from '../domain/walletView.js';
import type { Decided } from '../ledger/walletKeeper.js';
import { StoreError } from '../store/storeError.js';
import { admit } from './admit.js';
import type { Admission, AdmitRules } from './admit.js';
import { grantIfDue, loadKnown } from './caller.js';
import type { Caller, Known } from './caller.js';
import type { CompiledOperation } from './compile.js';
import type { Engine } from './engine.js';
import type { Quote, QuotedField } from './quote.js';
import { Tab } from './tab.js';

export interface OpenRequest {
  readonly compiled: CompiledOperation;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
}

/** A tab, or why nothing of the operation is to run. */
export type Opened =
  /** Nothing of it is paid. */
  | { readonly kind: 'free' }
  /** Its arguments give no sound price: the caller's mistake. */
  | { readonly kind: 'unsound'; readonly error: GraphQLError }
  | { readonly kind: 'blocked'; readonly admission: Admission }
  | { readonly kind: 'open'; readonly tab: Tab; readonly account: TabAccount | null };

/** The account that a tab is charged to, and its hold if there is one. */
export interface TabAccount {
  readonly accountId: AccountId;
  readonly holdId: HoldId;
  /** Whether anything was held, at first or when a list was longer than quoted. */
  readonly hasHold: () => boolean;
  /** Credits that could be spent when the tab was opened. */
  readonly available: number;
}

export const openTab = async (engine: Engine, { compiled, variables, caller }: OpenRequest): Promise<Opened> => {
  const quoted = compiled.quote(variables);
  if (quoted === null) return { kind: 'free' };
  if (quoted instanceof GraphQLError) return { kind: 'unsound', error: quoted };

  const now = engine.settings.now();
  const known = await loadKnown(caller, engine.shelf, now);
  const opening = new Opening(engine, quoted, known, rulesFor(engine, compiled));
  const admitted = await opening.admit(now);
  // What was read of the wallet is older than the hold: whatever else this request reads of it is read anew.
  if (caller.accountId !== null) caller.loaders.wallets.clear(caller.accountId);
  if (admitted.admission.isBlocked) return { kind: 'blocked', admission: admitted.admission };
  return { kind: 'open', ...opening.tabOf(admitted) };
};

const rulesFor = ({ settings }: Engine, { isMutation }: CompiledOperation): AdmitRules => ({
  isAllOrNothing: isMutation || settings.whenRefused === 'REJECT',
});

interface Admitted {
  readonly admission: Admission;
  readonly standing: Standing;
  readonly at: Instant;
}

/** One operation's way through gate 1, and its later wishes for more. */
class Opening {
  readonly #holdId: HoldId;
  #hasHold = false;
  #extensions = 0;

  constructor(
    private readonly engine: Engine,
    private readonly quote: Quote,
    private readonly known: Known,
    private readonly rules: AdmitRules,
  ) {
    this.#holdId = holdId(engine.settings.newId());
  }

  /** Decides on what was read, and where something must be held, again on the wallet that it is held in. */
  async admit(now: Instant): Promise<Admitted> {
    const { standing, wallet } = this.known;
    const admitted = { admission: admit(this.quote, standing, now, this.rules), standing, at: now };
    if (wallet === null || admitted.admission.isBlocked || isNothing(admitted.admission.demand)) return admitted;
    this.engine.keeper.know(wallet);
    try {
      return await this.#hold(wallet);
    } catch (error) {
      return this.#withoutStore(error, now);
    }
  }

  tabOf({ admission, standing, at }: Admitted): { readonly tab: Tab; readonly account: TabAccount | null } {
    const { wallet } = this.known;
    const extend = (fields: readonly QuotedField[]) => this.#extend(fields, standing);
    const tab = new Tab({ admitted: admission.root, standing, openedAt: at, extend });
    if (wallet === null) return { tab, account: null };
    const available = (standing.means?.credits ?? 0) - admission.demand.credits;
    return {
      tab,
      account: { accountId: wallet.accountId, holdId: this.#holdId, hasHold: () => this.#hasHold, available },
    };
  }

  #hold({ accountId }: Wallet): Promise<Admitted> {
    return this.#claim(accountId, (means, at) => {
      const standing = { ...this.known.standing, means };
      const admission = admit(this.quote, standing, at, this.rules);
      const demand = admission.isBlocked ? NO_DEMAND : admission.demand;
      return { demand, outcome: { admission, standing, at } };
    });
  }

  /** Decides positions beyond the quote one after the other, and holds what they need. */
  async #extend(fields: readonly QuotedField[], standing: Standing): Promise<readonly Decision[]> {
    const { wallet } = this.known;
    invariant(wallet !== null, 'a tab without an account was extended');
    const id = this.#hasHold ? `${this.#holdId}/${(this.#extensions += 1)}` : null;
    try {
      return await this.#claim(wallet.accountId, (means, at) => decideAll(fields, { ...standing, means }, at), id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.engine.settings.onFailure(error);
      this.#hasHold &&= id !== null;
      return decideAll(fields, { ...standing, means: null }, this.engine.settings.now()).outcome;
    }
  }

  /**
   * Decides on a wallet and sets aside what the decision needs, in one write. Where the write's reply was lost the
   * wallet tells that it was applied, and what was decided then holds.
   */
  #claim<Outcome>(
    accountId: AccountId,
    decideOn: (means: Means | null, at: Instant) => { readonly demand: Demand; readonly outcome: Outcome },
    extensionId: string | null = null,
  ): Promise<Outcome> {
    let before: Outcome | undefined;
    return this.engine.keeper.apply<void, Outcome>(accountId, {
      decide: (wallet, at): Decided<Outcome> => {
        if (before !== undefined && this.#wasApplied(wallet, extensionId)) return { wallet, outcome: before };
        const funded = grantIfDue(wallet, this.known.subscription, this.known.plan, at);
        const { demand, outcome } = decideOn(this.#meansIn(funded, at), at);
        before = outcome;
        if (isNothing(demand)) return { wallet, outcome };
        const { wallet: changed, result } = applyCommand(funded, this.#commandFor(demand, extensionId, at), at);
        if (result.status === 'REFUSED') throw new StoreError('FAILED', `The hold was refused: ${result.fault}.`);
        this.#hasHold = true;
        return { wallet: changed, outcome };
      },
    });
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
    const { means } = this.known.standing;
    if (means === null) return null;
    const { available, counters } = viewAt(wallet, at);
    return { ...means, credits: available, counters };
  }

  /** The hold could not be confirmed: paid fields are refused, the free ones are served. */
  #withoutStore(error: unknown, at: Instant): Admitted {
    if (!(error instanceof StoreError)) throw error;
    this.engine.settings.onFailure(error);
    // The write may have been applied all the same. Nothing draws on it then, and it expires by itself.
    this.#hasHold = false;
    const standing = { ...this.known.standing, means: null };
    return { admission: admit(this.quote, standing, at, this.rules), standing, at };
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
    current = { ...current, means: current.means === null ? null : meansAfter(current.means, decision) };
    return decision;
  });
  return { demand, outcome };
};

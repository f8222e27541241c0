/**
 * What one operation has set aside: gate 1 decided on the wallet that it is held in, in one write, and again for lists
 * that turn out longer than quoted.
 */
import { decide } from '../../domain/admission.js';
import {
  addDemands,
  demandOf,
  excessOf,
  isNothing,
  meansAfter,
  meansWith,
  NO_DEMAND,
  withMeans,
} from '../../domain/demand.js';
import type { Decision, Means, Standing } from '../../domain/admission.js';
import type { Demand } from '../../domain/demand.js';
import type { AccountId, HoldId } from '../../domain/ids.js';
import { holdId } from '../../domain/ids.js';
import { invariant } from '../../domain/invariant.js';
import type { Instant } from '../../domain/period.js';
import type { Wallet } from '../../domain/wallet.js';
import { findHold } from '../../domain/walletMoves.js';
import { viewAt } from '../../domain/walletView.js';
import { grantIfDue } from '../../accounts/accountStanding.js';
import type { AccountStanding } from '../../accounts/accountStanding.js';
import { giveBack, setAside, wasSetAside } from '../../ledger/heldOperation.js';
import type { Capture, HeldOperation } from '../../ledger/heldOperation.js';
import type { Decided } from '../../ledger/lane.js';
import { StoreError } from '../../store/storeError.js';
import type { Engine } from '../engine.js';
import type { CompiledOperation } from '../price/compiledOperation.js';
import type { Quote, QuotedField } from '../price/quote.js';
import type { MaybePromise } from '../../domain/maybePromise.js';
import type { OperationWatch } from '../runWatch.js';
import { admit } from './admit.js';
import type { Admission, AdmitRules } from './admit.js';
import type { KeyedRun } from './keyedRun.js';

/** What was read of the caller, and what is decided by. */
export interface Known {
  readonly standing: Standing;
  /** `null` without an account, or where the store could not be asked. */
  readonly account: AccountStanding | null;
}

/** What gate 1 decided, on what, and when. */
export interface Admitted {
  readonly admission: Admission;
  readonly standing: Standing;
  readonly at: Instant;
}

export interface HoldOptions {
  readonly quote: Quote;
  readonly compiled: CompiledOperation;
  readonly known: Known;
  readonly rules: AdmitRules;
  readonly keyed: KeyedRun | null;
}

/** One operation's way through gate 1, and its later wishes for more. */
export class OperationHold {
  /** All that was set aside, whatever was used of it since. */
  demand = NO_DEMAND;
  /** What was captured of it in the end; `null`: nothing so far. */
  captured: Capture | null = null;
  /** Made once it is needed. */
  #id: HoldId | null = null;
  /** Whether a hold was written, as far as is known: at gate 1 also one whose write was not confirmed. */
  #hasHold = false;
  #extensions = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: HoldOptions,
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
    const { quote, known, rules, keyed } = this.options;
    const { standing } = known;
    const wallet = known.account?.wallet ?? null;
    const admitted = { admission: admit(quote, standing, now, rules), standing, at: now };
    if (wallet === null || admitted.admission.isBlocked) return admitted;
    if (keyed === null && isNothing(admitted.admission.demand)) return admitted;
    const hold = () => this.#lockAndHold(wallet, admitted);
    return this.watch.during?.('hold', hold) ?? hold();
  }

  /** What is held, from the start or since a list was longer than quoted; `null`: nothing. */
  get current(): HeldOperation | null {
    const { account } = this.options.known;
    return this.#hasHold && account !== null ? this.#heldIn(account.wallet) : null;
  }

  /** `null` without an account. */
  get accountId(): AccountId | null {
    return this.options.known.account?.wallet.accountId ?? null;
  }

  async #lockAndHold(wallet: Wallet, admitted: Admitted): Promise<Admitted | null> {
    const { keyed } = this.options;
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

  #heldIn({ accountId }: Wallet): HeldOperation {
    return { accountId, holdId: this.#holdId, operationName: this.options.compiled.name };
  }

  #hold({ accountId }: Wallet): Promise<Admitted> {
    return this.#claim(accountId, (means, at) => {
      const standing = withMeans(this.options.known.standing, means);
      const admission = admit(this.options.quote, standing, at, this.options.rules);
      const demand = admission.isBlocked ? NO_DEMAND : admission.demand;
      return { demand, outcome: { admission, standing, at } };
    });
  }

  /**
   * Decides positions beyond the quote one after the other, on the wallet and a pool that is held already and used for
   * nothing else, and holds what the pool does not have. One call at a time.
   */
  async extend(fields: readonly QuotedField[], standing: Standing, pool: Demand): Promise<readonly Decision[]> {
    const hold = () => this.#extend(fields, standing, pool);
    return this.watch.during?.('hold', hold) ?? hold();
  }

  async #extend(fields: readonly QuotedField[], standing: Standing, pool: Demand): Promise<readonly Decision[]> {
    const { account } = this.options.known;
    invariant(account !== null, 'a tab without an account was extended');
    const { wallet } = account;
    const id = `${this.#holdId}/${(this.#extensions += 1)}`;
    try {
      const decideOn: DecideOn<readonly Decision[]> = (means, at) => {
        const both = means === null ? null : meansWith(means, pool);
        const { demand, outcome } = decideAll(fields, withMeans(standing, both), at);
        return { demand: excessOf(demand, pool), outcome };
      };
      return await this.#claim(wallet.accountId, decideOn, id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.engine.settings.onFailure(error);
      return decideAll(fields, withMeans(standing, null), this.engine.settings.now()).outcome;
    }
  }

  /**
   * Decides on a wallet and sets aside what the decision needs, in one write. Where the write's reply was lost the
   * wallet tells that it was applied, and what was decided then holds.
   */
  async #claim<Outcome>(
    accountId: AccountId,
    decideOn: DecideOn<Outcome>,
    extensionId: string | null = null,
  ): Promise<Outcome> {
    let before: Outcome | undefined;
    let claimed = NO_DEMAND;
    const decided = await this.engine.keeper.apply<void, Outcome>(accountId, {
      decide: (wallet, at): Decided<Outcome> => {
        if (before !== undefined && wasSetAside(wallet, { holdId: this.#holdId, extensionId }))
          return { wallet, outcome: before };
        const { account } = this.options.known;
        const funded = account === null ? wallet : grantIfDue(wallet, account, at);
        const { demand, outcome } = decideOn(this.#meansIn(funded, at), at);
        before = outcome;
        claimed = demand;
        if (isNothing(demand)) return { wallet, outcome };
        this.#hasHold ||= extensionId === null;
        const expiresAt = at + this.engine.settings.holdTtlMs;
        return { wallet: setAside(funded, demand, { holdId: this.#holdId, extensionId, expiresAt }, at), outcome };
      },
    });
    if (isNothing(claimed)) return decided;
    this.#hasHold = true;
    this.demand = addDemands(this.demand, claimed);
    this.watch.held(claimed.credits);
    return decided;
  }

  /** The caller's means with the wallet as it is now. */
  #meansIn(wallet: Wallet, at: Instant): Means | null {
    const { means } = this.options.known.standing;
    if (means === null) return null;
    const { available, held, counters, holds } = viewAt(wallet, at);
    const own = this.#id === null ? undefined : findHold(wallet, this.#id);
    const ownCredits = own?.takes.reduce((sum, { credits }) => sum + credits, 0) ?? 0;
    const others = own === undefined ? holds : holds.filter(({ id }) => id !== own.id);
    return { ...means, credits: available, held: held - ownCredits, counters, holds: others };
  }

  /** The hold could not be confirmed: paid fields are refused, the free ones are served. */
  #withoutStore(error: unknown, at: Instant): Admitted {
    if (!(error instanceof StoreError)) throw error;
    this.engine.settings.onFailure(error);
    // The write may have been applied all the same. Nothing draws on it then: it is given back, or expires by itself.
    const { quote, known, rules, keyed } = this.options;
    const held = this.current;
    if (held !== null) {
      void this.engine.background.untilDone(async () => {
        await keyed?.unlock();
        await giveBack(this.engine.keeper, held, null);
      });
    }
    this.#hasHold = false;
    this.demand = NO_DEMAND;
    const standing = withMeans(known.standing, null);
    return { admission: admit(quote, standing, at, rules), standing, at };
  }
}

/** What is decided on a wallet's means, and what must be held for it. */
type DecideOn<Outcome> = (means: Means | null, at: Instant) => { readonly demand: Demand; readonly outcome: Outcome };

/** Each position on what the one before it left. */
export const decideAll = (
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

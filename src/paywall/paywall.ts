/**
 * The paywall of one schema: opens a tab for an operation before it runs, and settles it before its response is sent.
 * It knows graphql-js and no server. `execute` runs the whole journey; a server's plugin makes the same two calls.
 */
import { GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { nanoid } from 'nanoid';
import type { KeyState } from '../domain/account.js';
import type { Refusal, RefusalReason } from '../domain/refusal.js';
import { firstOf } from '../domain/refusal.js';
import { WalletKeeper } from '../ledger/walletKeeper.js';
import type { Store } from '../store/store.js';
import { StoreError } from '../store/storeError.js';
import type { Refused } from './admit.js';
import { identify } from './caller.js';
import type { Caller, FixedKeys } from './caller.js';
import { DocumentCompiler } from './compile.js';
import { applyPaywall } from './directive.js';
import type { Gate } from './directive.js';
import { valueAt } from './draw.js';
import type { Engine, EngineSettings } from './engine.js';
import { processLoaders } from './loaders.js';
import { openTab } from './openTab.js';
import type { Opened, TabAccount } from './openTab.js';
import { PlanShelf } from './planShelf.js';
import { refusalError } from './refusalError.js';
import type { RefusalContext } from './refusalError.js';
import { executeOperation, subscribeOperation } from './run.js';
import type { RunRequest } from './run.js';
import { readRequirements, typesAbovePaid } from './requirements.js';
import type { LintLevel } from './requirements.js';
import { capture, chargedFields, giveBack } from './settlement.js';
import type { HeldOperation, PaymentSummary } from './settlement.js';
import type { Tab } from './tab.js';

export interface PaywallOptions extends Partial<EngineSettings> {
  /** With `@requiresPayment` on its paid fields. */
  readonly schema: GraphQLSchema;
  readonly store: Store;
  readonly directiveName?: string;
  /** What to do about settings that are a trap: stop the build (default), tell `onWarning`, or nothing. */
  readonly lint?: LintLevel;
  readonly onWarning?: (warning: string) => void;
  /** How old the plans in memory may be. */
  readonly planRefreshMs?: number;
  /** Keys that are valid without being in the store. */
  readonly fixedKeys?: FixedKeys;
}

export interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
  /** The context value that the resolvers will get: the tab belongs to it. */
  readonly contextValue: object;
}

/** What the context value of an operation must have: `billing` and the plugin read it. */
export interface PaywallContext {
  readonly caller: Caller;
  readonly paywall: Paywall;
}

/** What to do with an operation. */
export type Opening =
  /** Run it; then call `settle` with its data. */
  | { readonly kind: 'run'; readonly settle: Settle }
  /** Don't run it: answer with these errors and no `data`. `refusal` is the one that answers for all of them. */
  | { readonly kind: 'answer'; readonly errors: readonly GraphQLError[]; readonly refusal: Refusal | null };

/**
 * Captures what `data` delivers and releases the rest. Resolves with what `extensions.payment` says (`null`: nothing
 * of the operation is paid), or with the error to send instead of the data where that could not be confirmed.
 */
export type Settle = (data: unknown) => Promise<PaymentSummary | GraphQLError | null>;

export interface Paywall {
  /** The schema with gate 2 in it: serve this one. */
  readonly schema: GraphQLSchema;
  readonly engine: Engine;
  /** Finds out who is calling by the `Authorization` header. */
  readonly identify: (authorization: string | undefined) => Promise<Caller>;
  readonly open: (request: OperationRequest) => Promise<Opening>;
  /** The whole journey of one query or mutation without any server. */
  readonly execute: (request: RunRequest) => Promise<ExecutionResult>;
  /** The same of a subscription: charged per event, and ended by the first event that is refused. */
  readonly subscribe: (request: RunRequest) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** What to answer where the key alone bars the caller from everything; `null` where it does not. */
  readonly barredByKey: (caller: Caller) => Extract<Opening, { kind: 'answer' }> | null;
  /** Waits for writes under way. The store stays open. */
  readonly close: () => Promise<void>;
}

const HOLD_TTL_MS = 60_000;
const PLAN_REFRESH_MS = 1_000;
const MAX_POSITIONS = 10_000;

export const createPaywall = (options: PaywallOptions): Paywall => {
  const { schema, store, directiveName, lint, onWarning } = options;
  const requirements = readRequirements(schema, { directiveName, lint, onWarning });
  const gates = new WeakMap<object, Gate>();
  const gatedSchema = applyPaywall(schema, requirements, (contextValue) =>
    typeof contextValue === 'object' && contextValue !== null ? gates.get(contextValue) : undefined,
  );
  const settings = settingsOf(options);
  const engine: Engine = {
    store,
    priced: { schema: gatedSchema, requirements, abovePaid: typesAbovePaid(gatedSchema, requirements) },
    keeper: new WalletKeeper(store, { now: settings.now, onFailure: settings.onFailure }),
    shelf: new PlanShelf(store, settings.now, options.planRefreshMs ?? PLAN_REFRESH_MS),
    loaders: processLoaders(store),
    settings,
  };
  const compiler = new DocumentCompiler(engine.priced, settings.maxPositions);
  const fixedKeys: FixedKeys = options.fixedKeys ?? new Map();

  const open = async (request: OperationRequest): Promise<Opening> => {
    const barred = barredByKey(request.caller, refusalContext(settings));
    if (barred !== null) return barred;
    const compiled = compiler.compile(request.document, request.operationName ?? null);
    if (compiled === null) return RUN_FREE;
    const context = refusalContext(settings);
    const opened = await openTab(engine, { compiled, variables: request.variables, caller: request.caller });
    if (opened.kind === 'open') gates.set(request.contextValue, gateOf(opened.tab, context));
    const operationName = compiled.name;
    return openingOf(engine, opened, operationName, context);
  };

  return {
    schema: gatedSchema,
    engine,
    identify: (authorization) => identify(authorization, engine.loaders, fixedKeys, settings.now),
    open,
    execute: (request) => executeOperation({ schema: gatedSchema, open }, request),
    subscribe: (request) => subscribeOperation({ schema: gatedSchema, open }, request),
    barredByKey: (caller) => barredByKey(caller, refusalContext(settings)),
    close: () => engine.keeper.close(),
  };
};

const settingsOf = (options: PaywallOptions): EngineSettings => ({
  now: options.now ?? Date.now,
  newId: options.newId ?? nanoid,
  holdTtlMs: options.holdTtlMs ?? HOLD_TTL_MS,
  maxPositions: options.maxPositions ?? MAX_POSITIONS,
  whenRefused: options.whenRefused ?? 'PARTIAL',
  remedyUrl: options.remedyUrl ?? (() => null),
  onFailure: options.onFailure ?? (() => undefined),
});

const refusalContext = ({ newId, remedyUrl }: EngineSettings): RefusalContext => {
  let refusalId: string | undefined;
  return {
    get refusalId() {
      return (refusalId ??= newId());
    },
    remedyUrl,
  };
};

const gateOf = (tab: Tab, context: RefusalContext): Gate => ({
  draw: (info) => tab.draw(info),
  toError: (refusal) => refusalError(refusal, context),
});

const RUN_FREE: Opening = { kind: 'run', settle: () => Promise.resolve(null) };

const openingOf = (engine: Engine, opened: Opened, operationName: string | null, context: RefusalContext): Opening => {
  switch (opened.kind) {
    case 'free':
      return RUN_FREE;
    case 'unsound':
      return { kind: 'answer', errors: [opened.error], refusal: null };
    case 'blocked':
      return answerBlocked(opened.admission.refused, context);
    case 'open':
      return { kind: 'run', settle: settling(engine, opened.tab, opened.account, operationName) };
  }
};

const answerBlocked = (refused: readonly Refused[], context: RefusalContext): Opening => {
  const [first, ...rest] = refused.map(({ refusal }) => refusal);
  return {
    kind: 'answer',
    errors: refused.map(({ refusal, quoted }) => refusalError(refusal, context, quoted.place.nodes)),
    refusal: first === undefined ? null : firstOf([first, ...rest]),
  };
};

const settling =
  (engine: Engine, tab: Tab, account: TabAccount | null, operationName: string | null): Settle =>
  async (data) => {
    const delivered = tab.close().filter((draw) => valueAt(data, draw.path) != null);
    if (account === null) return null;
    const fields = chargedFields(delivered);
    const charged = fields.reduce((sum, row) => sum + row.credits, 0);
    if (!account.hasHold()) return { charged, balance: account.available, fields };
    const held = { accountId: account.accountId, holdId: account.holdId, operationName };
    try {
      return { charged, balance: await capture(engine.keeper, held, delivered), fields };
    } catch (error) {
      engine.settings.onFailure(error);
      void giveBackUntilDone(engine, held, engine.settings.now() + GIVE_BACK_MS);
      return settlementError();
    }
  };

/** How long the background tries to give back what an undelivered operation was charged, and how often. */
const GIVE_BACK_MS = 10 * 60_000;
const GIVE_BACK_EVERY_MS = 1_000;

const giveBackUntilDone = async (engine: Engine, held: HeldOperation, until: number): Promise<void> => {
  while (engine.settings.now() < until) {
    try {
      await giveBack(engine.keeper, held);
      return;
    } catch (error) {
      engine.settings.onFailure(error);
      if (error instanceof StoreError && error.code === 'CLOSED') return;
      await new Promise((resolve) => setTimeout(resolve, GIVE_BACK_EVERY_MS).unref());
    }
  }
};

const settlementError = (): GraphQLError =>
  new GraphQLError(
    'The operation ran, but its charge could not be confirmed, so its answer is not sent. Try again later.',
    {
      extensions: { code: 'SERVICE_UNAVAILABLE', reason: 'STORE_UNAVAILABLE', remedy: 'RETRY_LATER', retryable: true },
    },
  );

const KEY_REASONS: Readonly<Partial<Record<KeyState, RefusalReason>>> = {
  UNKNOWN: 'KEY_UNKNOWN',
  EXPIRED: 'KEY_EXPIRED',
  REVOKED: 'KEY_REVOKED',
};

/** A key that was sent and is no good bars the caller from free fields too: it is a mistake that should be seen. */
const barredByKey = ({ key }: Caller, context: RefusalContext): ReturnType<Paywall['barredByKey']> => {
  const reason = KEY_REASONS[key];
  if (reason === undefined) return null;
  const nothing = { feature: null, required: null, available: null, plans: [], resetAt: null, retryable: false };
  const refusal: Refusal = { reason, coordinate: null, ...nothing };
  return { kind: 'answer', errors: [refusalError(refusal, context)], refusal };
};

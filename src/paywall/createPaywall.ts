/** Makes the paywall of one schema. */
import { defaultFieldResolver } from 'graphql';
import { createBank } from '../accounts/bank.js';
import type { Bank } from '../accounts/bank.js';
import { documentReader } from './documents/documentReader.js';
import type { DocumentLimits } from './documents/documentReader.js';
import { applyPaywall } from './gate/applyPaywall.js';
import { OpenOperations } from './gate/openOperations.js';
import { executeOperation, subscribeOperation } from './executeOperation.js';
import { barredBy, openOperation } from './opening.js';
import type { RunningEngine } from './opening.js';
import type { Paywall, PaywallOptions } from './paywall.js';
import { DocumentCompiler } from './price/compiledOperation.js';
import { readRequirements, typesAbovePaid } from './price/requirements.js';
import { quoteRequest } from './quoteRequest.js';
import { OperationRefusals } from './refuse/operationRefusals.js';

const MAX_POSITIONS = 10_000;
const ANY = Number.POSITIVE_INFINITY;
/** A document that is quoted is not run: it may be no larger than what people write. */
const QUOTED_LIMITS: DocumentLimits = { tokens: 5_000, depth: ANY, aliases: ANY, directives: ANY, complexity: ANY };

export const createPaywall = (options: PaywallOptions): Paywall => {
  const { schema, directiveName, lint, onWarning } = options;
  const requirements = readRequirements(schema, { directiveName, lint, onWarning });
  const fieldResolver = options.fieldResolver ?? defaultFieldResolver;
  const openOperations = new OpenOperations();
  const prices = { requirements, abovePaid: typesAbovePaid(schema, requirements) };
  const gatedSchema = applyPaywall(schema, prices, { openOperations, fieldResolver });
  const { bank = bankOf(options), maxPositions = MAX_POSITIONS, whenRefused = 'PARTIAL' } = options;
  const { documentLimits = null, introspection = true } = options;
  const lists = { sizes: requirements.listSizes, paidCount: requirements.paid.size };
  const readerOptions = { lists, introspection };
  const priced = { schema: gatedSchema, ...prices };
  const engine: RunningEngine = {
    ...bank,
    settings: { ...bank.settings, maxPositions, whenRefused },
    priced,
    compiler: new DocumentCompiler(priced, maxPositions),
    documents: documentReader(gatedSchema, documentLimits, readerOptions),
    quoteDocuments: documentReader(gatedSchema, documentLimits ?? QUOTED_LIMITS, readerOptions),
    openOperations,
  };
  const executor = { engine, fieldResolver, self: (): Paywall => paywall };
  const paywall: Paywall = {
    schema: gatedSchema,
    fieldResolver,
    documents: engine.documents,
    engine,
    identify: bank.identify,
    open: async (request) => openOperation(engine, request),
    execute: async (request) => executeOperation(executor, request),
    subscribe: (request) => subscribeOperation(executor, request),
    quote: (request) => quoteRequest(engine, request),
    barred: (caller, ids) =>
      caller.barred === null
        ? null
        : barredBy(caller.barred, new OperationRefusals(engine, { caller, compiled: null, ids })),
    // A bank that was given is closed by whoever made it.
    close: () => (options.bank === undefined ? bank.close() : Promise.resolve()),
  };
  return paywall;
};

/** Of its own. */
const bankOf = ({ store, ...options }: PaywallOptions): Bank => {
  if (store === undefined) throw new TypeError('createPaywall: give it a `store`, or the `bank` of another paywall.');
  return createBank({ store, ...options });
};

/** What an operation would cost, in words for the caller: the verdict of gate 1, position by position. */
import { getVariableValues, GraphQLError } from 'graphql';
import type { DocumentNode } from 'graphql';
import type { PlanId } from '../domain/ids.js';
import type { Admission, Granted, PlacePath, Refused } from './gate/admit.js';
import type { Caller } from '../accounts/caller.js';
import type { CompiledOperation } from './price/compiledOperation.js';
import type { DocumentReader } from './documents/documentReader.js';
import type { Engine } from './engine.js';
import { quoteTab } from './gate/openTab.js';
import { refusalExtensions, refusalMessage } from './refuse/refusalError.js';
import type { RefusalExtensions } from './refuse/refusalError.js';

export interface QuoteRequest {
  /** The source of the document. */
  readonly document: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
}

/** Positions of one place that would be covered or paid alike. */
export interface QuotedPositions {
  readonly coordinate: string;
  readonly path: readonly string[];
  readonly positions: number;
  readonly units: number;
  readonly credits: number;
  readonly coveredBy: PlanId | null;
}

/** A refusal as the operation would get it, but for its id: it is not recorded. */
export interface QuotedRefusal extends Pick<
  RefusalExtensions,
  'code' | 'reason' | 'remedy' | 'remedyUrl' | 'docs' | 'required' | 'available' | 'plans' | 'resetAt'
> {
  readonly coordinate: string;
  readonly path: readonly string[];
  readonly message: string;
}

export interface OperationQuote {
  readonly credits: number;
  readonly isServed: boolean;
  readonly fields: readonly QuotedPositions[];
  readonly refusals: readonly QuotedRefusal[];
}

const FREE: OperationQuote = { credits: 0, isServed: true, fields: [], refusals: [] };

/** What gate 1 says of an operation now, or `null`: nothing of it is paid. Throws as `quoteRequest` does. */
export const admissionOf = async (
  engine: Engine,
  { document, operationName = null, variables, caller }: QuoteRequest,
): Promise<Admission | null> => {
  const read = readQuoted(engine.quoteDocuments, document);
  const compiled = engine.compiler.compile(read, operationName);
  if (compiled === null)
    throw badInput('operationName', 'names no operation of the document, which has none or several.');
  checkVariables(engine, compiled, variables ?? {});
  const fault = engine.quoteDocuments.tooLarge({ document: read, operation: compiled.operation, variables });
  if (fault !== null) throw badInput('variables', `make it too large: ${fault.message}`);
  const admission = await quoteTab(engine, { compiled, variables, caller });
  if (admission instanceof GraphQLError) throw admission;
  return admission;
};

/** Throws `GraphQLError` for what is no operation of the schema, or has no sound price. */
export const quoteRequest = async (engine: Engine, request: QuoteRequest): Promise<OperationQuote> => {
  const admission = await admissionOf(engine, request);
  if (admission === null) return FREE;
  const { demand, granted, refused, isBlocked } = admission;
  return {
    credits: isBlocked ? 0 : demand.credits,
    isServed: !isBlocked,
    fields: isBlocked ? [] : granted.map(positionsOf),
    refusals: refused.map((each) => refusalOf(each, engine)),
  };
};

const readQuoted = (documents: DocumentReader, source: string): DocumentNode => {
  const read = documents.read(source);
  if ('kind' in read) return read;
  throw badInput('document', `is no operation of this API: ${read[0]?.message ?? ''}`);
};

const checkVariables = (
  { priced }: Engine,
  { operation }: CompiledOperation,
  variables: Readonly<Record<string, unknown>>,
): void => {
  const { errors } = getVariableValues(priced.schema, operation.variableDefinitions ?? [], variables);
  const [fault] = errors ?? [];
  if (fault !== undefined) throw badInput('variables', `don't suit the operation: ${fault.message}`);
};

const positionsOf = ({ quoted, path, positions, decision }: Granted): QuotedPositions => ({
  coordinate: quoted.place.coordinate,
  path: keysOf(path),
  positions,
  units: quoted.units,
  credits: decision.outcome === 'covered' ? 0 : decision.credits * positions,
  coveredBy: decision.outcome === 'paid' ? null : decision.planId,
});

const refusalOf = ({ quoted, path, refusal }: Refused, { settings }: Engine): QuotedRefusal => {
  const extensions = refusalExtensions(refusal, {
    refusalId: '',
    remedyUrl: (remedy) => settings.remedyUrl({ remedy, refusal, accountId: null, refusalId: null }),
    docsUrl: settings.docsUrl,
  });
  const { code, reason, remedy, remedyUrl, docs, required, available, plans, resetAt } = extensions;
  const said = { code, reason, remedy, remedyUrl, docs, required, available, plans, resetAt };
  return { ...said, coordinate: quoted.place.coordinate, path: keysOf(path), message: refusalMessage(refusal) };
};

export const keysOf = (path: PlacePath): readonly string[] => [
  ...(path.above === null ? [] : keysOf(path.above)),
  path.place.responseKey,
];

const badInput = (argument: string, fault: string): GraphQLError =>
  new GraphQLError(`The argument "${argument}" ${fault}`, { extensions: { code: 'BAD_USER_INPUT', argument } });

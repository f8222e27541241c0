/**
 * Traces by OpenTelemetry, sent to a collector by OTLP over HTTP. Loaded only where they are asked for, since the
 * libraries take time to load and their context costs every promise something.
 *
 * One call of the store may serve many operations: its span belongs to the one that asked first.
 */
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { FastifyBaseLogger } from 'fastify';
import type { MaybePromise } from '../../domain/maybePromise.js';
import type { Step } from '../../paywall/runWatch.js';
import type { StoreCall } from '../../store/watchStore.js';
import type { Ended } from './ended.js';
import type { OperationTrace, Tracing } from './watchers.js';

/**
 * `endpoint`: of the collector, without a slash at its end. What else `OTEL_…` variables say of the service's name, of
 * sampling and of headers holds too.
 */
export const startTracing = (endpoint: string, logger: FastifyBaseLogger): Tracing => {
  reportTrouble(logger);
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'tollgate' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))],
  });
  provider.register();
  const tracer = provider.getTracer('tollgate');
  return {
    begin: (headers) => beginTrace(tracer, headers),
    aroundStoreCall: (call, run) => aroundStoreCall(tracer, call, run),
    close: () => provider.shutdown(),
  };
};

/** A collector that can't be reached must be seen, and must not be seen for every span. */
const reportTrouble = (logger: FastifyBaseLogger): void => {
  const report = (message: string): void => {
    logger.warn({ detail: message }, 'Traces could not be sent');
  };
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
};

const beginTrace = (tracer: Tracer, headers: Parameters<Tracing['begin']>[0]): OperationTrace => {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan('graphql', { kind: SpanKind.SERVER }, parent);
  const own = trace.setSpan(parent, span);
  return {
    traceId: span.spanContext().traceId,
    during: (step, work) => during(tracer, own, step, work),
    inside: (work) => context.with(own, work),
    end: (ended) => {
      endSpan(span, ended);
    },
  };
};

const during = <T>(tracer: Tracer, parent: Context, step: Step, work: () => MaybePromise<T>): Promise<T> => {
  const span = tracer.startSpan(`tollgate.${step}`, {}, parent);
  return finishing(span, () => context.with(trace.setSpan(parent, span), work));
};

const aroundStoreCall = (tracer: Tracer, { verb, batchSize }: StoreCall, run: () => Promise<unknown>) => {
  // Outside of any operation, as for what is done in the background, nobody would look for it.
  if (trace.getActiveSpan() === undefined) return run();
  const attributes = { 'tollgate.store.batch_size': batchSize };
  const span = tracer.startSpan(`tollgate.store.${verb}`, { kind: SpanKind.CLIENT, attributes });
  return finishing(span, () => context.with(trace.setSpan(context.active(), span), run));
};

const finishing = async <T>(span: Span, work: () => MaybePromise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
};

const endSpan = (
  span: Span,
  { type, operation, account, status, outcome, reasons, charged, held, requestId }: Ended,
) => {
  // A name from the client would make as many kinds of spans as there are names.
  if (type !== null) span.updateName(type);
  span.setAttributes({
    'graphql.operation.type': type ?? undefined,
    'graphql.operation.name': operation ?? undefined,
    'http.response.status_code': status ?? undefined,
    'tollgate.account': account ?? undefined,
    'tollgate.request_id': requestId,
    'tollgate.outcome': outcome,
    'tollgate.reasons': [...reasons],
    'tollgate.charged': charged,
    'tollgate.held': held,
  });
  if (outcome === 'FAILED') span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

/** Traces as a collector gets them, from the real exporter over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTracing } from '../../../src/server/watch/startTracing.js';
import type { Tracing } from '../../../src/server/watch/watchers.js';
import { listAt, partAt } from '../../support/bodies.js';
import { useServers } from '../../support/runningServers.js';
import { ANSWERED, logLines } from './logLines.js';

const start = useServers();

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const NEAREST = 'query Near { nearest(lat: 48.2, lon: 16.37, first: 2) { name } }';

let collector: Server;
let tracing: Tracing;
const received: { readonly url: string; readonly body: unknown }[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ url: request.url ?? '', body: JSON.parse(body) });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  // OpenTelemetry is set up once in a process.
  tracing = startTracing(`http://127.0.0.1:${port}`, pino({ level: 'silent' }));
});

afterAll(() => {
  collector.close();
});

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceId: string;
  readonly attributes: unknown;
}

const spans = (): readonly Span[] =>
  received
    .flatMap(({ body }) => listAt(body, 'resourceSpans'))
    .flatMap((resource) => listAt(resource, 'scopeSpans'))
    .flatMap((scope) => listAt(scope, 'spans') as readonly Span[]);

/** A trace as a tree of names. */
const treeOf = (all: readonly Span[], parent: string): unknown =>
  all
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ name, spanId }) => {
      const beneath = treeOf(all, spanId) as readonly unknown[];
      return beneath.length === 0 ? name : [name, ...beneath];
    });

const attributesOf = ({ attributes }: Span) =>
  Object.fromEntries(
    listAt(attributes).map((each) => [
      String(partAt(each, 'key')),
      Object.values((partAt(each, 'value') ?? {}) as Record<string, unknown>)[0],
    ]),
  );

describe('the trace of an operation', () => {
  it('continues its caller’s, and shows each step and the calls of the store that it made', async () => {
    const log = logLines();
    const server = await start({ tracing, logger: log.logger });
    const key = await server.accountWithKey('alice', 20);
    await server.query(key, NEAREST, undefined, {
      traceparent: `00-${TRACE}-${PARENT}-01`,
      'x-request-id': 'request-1',
    });
    await server.query(key, NEAREST);
    await server.query('demo-free', NEAREST);
    await tracing.close();

    expect(received[0]?.url).toBe('/v1/traces');
    expect(partAt(received[0]?.body, 'resourceSpans', 0, 'resource', 'attributes')).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'tollgate' },
    });
    const own = spans().filter(({ traceId }) => traceId === TRACE);
    expect(treeOf(own, PARENT)).toEqual([
      [
        'query',
        ['tollgate.identify', 'tollgate.store.findApiKeys'],
        [
          'tollgate.quote',
          'tollgate.store.findPlans',
          'tollgate.store.findAccounts',
          'tollgate.store.findSubscriptions',
          'tollgate.store.findWallets',
        ],
        ['tollgate.hold', 'tollgate.store.commitWallets'],
        'tollgate.run',
        ['tollgate.settle', 'tollgate.store.commitWallets'],
      ],
    ]);
    const root = own.find(({ parentSpanId }) => parentSpanId === PARENT);
    expect(root === undefined ? null : attributesOf(root)).toMatchObject({
      'graphql.operation.name': 'Near',
      'graphql.operation.type': 'query',
      'tollgate.account': 'alice',
      'tollgate.request_id': 'request-1',
      'tollgate.outcome': 'SERVED',
    });
    // Each operation is a trace, by whose id its line is found.
    const lines = log.lines(ANSWERED).map(({ traceId }) => traceId);
    expect(lines[0]).toBe(TRACE);
    expect(new Set(lines).size).toBe(3);
    const roots = spans().filter(({ name, parentSpanId }) => name === 'query' && parentSpanId !== PARENT);
    expect(roots.map(({ traceId }) => traceId)).toEqual(lines.slice(1));
  });
});

/** What Prometheus reads, and the dashboard that is made of it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { createMetricsServer } from '../../../src/server/watch/createMetricsServer.js';
import { Metrics } from '../../../src/server/watch/metrics.js';
import { useServers } from '../../support/runningServers.js';
import { workshop } from '../../support/workshop.js';
import { scrape, totalOf, totalsBy } from './prometheus.js';

const start = useServers();
const ROOT = resolve(import.meta.dirname, '../../..');

/** Everything that can be watched, after one operation that held, one of an operator, and one of each that failed. */
const startBusy = async () => {
  const metrics = new Metrics();
  metrics.watchProcess();
  const { schema } = workshop();
  const server = await start({ schema, metrics });
  const key = await server.accountWithKey('alice', 20);
  await server.query(key, 'query Steady { steady }');
  await server.query(null, '{ steady }');
  await server.admin('demo-owner', '{ __typename }');
  server.fail('findWallets', 'UNREACHABLE', 1);
  await server.query(key, '{ steady }');
  return { ...server, key };
};

const metricsNamedIn = (text: string): readonly string[] => [
  ...new Set(text.match(/\b(?:tollgate|process|nodejs)_\w+/g)),
];

describe('/metrics', () => {
  it('counts operations, refusals, credits, and the calls of the store that served them', async () => {
    const { url } = await startBusy();
    const samples = await vi.waitFor(async () => {
      const found = await scrape(url);
      expect(totalOf(found, 'tollgate_operations_total')).toBe(3);
      return found;
    });
    expect(totalsBy(samples, 'tollgate_operations_total', 'status')).toEqual({ 200: 1, 401: 1, 503: 1 });
    expect(totalsBy(samples, 'tollgate_refusals_total', 'reason')).toEqual({ KEY_REQUIRED: 1, STORE_UNAVAILABLE: 1 });
    expect(totalOf(samples, 'tollgate_credits_charged_total')).toBe(2);
    expect(totalsBy(samples, 'tollgate_store_failures_total', 'code')).toEqual({ UNREACHABLE: 1 });
    expect(totalsBy(samples, 'tollgate_store_failures_total', 'verb')).toEqual({ findWallets: 1 });
    expect(totalsBy(samples, 'tollgate_store_call_duration_seconds_count', 'verb')).toMatchObject({
      findApiKeys: 2,
      // Two of them are the operator's: whether there is an account to grant to, and one to issue a key for.
      findAccounts: 5,
      commitWallets: 3,
    });
    // The grant, the hold and the capture.
    expect(totalOf(samples, 'tollgate_wallet_writes_total')).toBe(3);
  });

  it('shows what is set aside as long as it is', async () => {
    let release = (): void => undefined;
    let begin = (): void => undefined;
    const begun = new Promise<void>((done) => (begin = done));
    const { schema } = workshop({
      onRun: () => {
        begin();
        return new Promise((done) => (release = done));
      },
    });
    const server = await start({ schema, metrics: new Metrics() });
    const key = await server.accountWithKey('alice', 20);
    const answer = server.query(key, '{ steady }');
    await begun;
    expect(totalOf(await scrape(server.url), 'tollgate_holds_open')).toBe(1);
    release();
    expect(await answer).toMatchObject({ status: 200 });
    expect(totalOf(await scrape(server.url), 'tollgate_holds_open')).toBe(0);
  });

  it('has no label whose values come from outside', async () => {
    const { url } = await startBusy();
    const samples = await scrape(url);
    const labels = new Set(
      samples.filter(({ name }) => name.startsWith('tollgate_')).flatMap(({ labels: of }) => Object.keys(of)),
    );
    expect([...labels].toSorted()).toEqual([
      'code',
      'le',
      'outcome',
      'queue',
      'reason',
      'status',
      'transport',
      'type',
      'verb',
    ]);
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const fromOutside of ['alice', 'Steady', 'steady']) expect(text).not.toContain(fromOutside);
  });

  it('is not there where nobody asked for it', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  it('can be served apart from everything else', async () => {
    const server = createMetricsServer(new Metrics(), pino({ level: 'silent' }));
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('tollgate_credits_charged_total 0');
    expect((await fetch(`${url}/graphql`)).status).toBe(404);
    await server.close();
  });
});

describe('the dashboard', () => {
  it('shows nothing that is not there', async () => {
    const dashboard = readFileSync(resolve(ROOT, 'docs/grafana/tollgate.json'), 'utf8');
    const { url } = await startBusy();
    const known = new Set((await scrape(url)).map(({ name }) => name));
    const named = metricsNamedIn(dashboard);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(15);
  });

  it('shows every figure of Tollgate’s own, and docs/operations.md says what each means', async () => {
    const dashboard = metricsNamedIn(readFileSync(resolve(ROOT, 'docs/grafana/tollgate.json'), 'utf8'));
    const operations = metricsNamedIn(readFileSync(resolve(ROOT, 'docs/operations.md'), 'utf8'));
    const { url } = await startBusy();
    const text = await (await fetch(`${url}/metrics`)).text();
    const own = [...text.matchAll(/^# TYPE (tollgate_\w+)/gm)].map(([, name = '']) => name);
    expect(own.filter((name) => !dashboard.some((shown) => shown.startsWith(name)))).toEqual([]);
    expect(operations.filter((name) => name.startsWith('tollgate_')).toSorted()).toEqual(own.toSorted());
  });
});

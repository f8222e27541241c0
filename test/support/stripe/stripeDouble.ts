/**
 * A double of Stripe for tests: its API over HTTP in front of a `StripeWorld`, with the real SDK before it. It knows
 * idempotency keys, pages, expansions, signatures and the list of events. A route that it lacks answers 404, never an
 * empty 200.
 */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../../src/domain/isRecord.js';
import type { StripeTypings } from './stripeTypings.js';
import { findRoute } from './stripeRoutes.js';
import type { Params } from './stripeRoutes.js';
import { TYPE_NAMES } from './stripeObjects.js';
import { DAY, Refused, StripeWorld } from './stripeWorld.js';
import type { WorldEvent } from './stripeWorld.js';

export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly status: number;
}

export interface StripeDoubleOptions {
  /** Given: every request and every answer is held against them, and what does not fit is refused. */
  readonly typings?: StripeTypings;
  readonly startsAt?: number;
}

export interface Delivery {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

interface Kept {
  readonly content: string;
  readonly status: number;
  readonly body: string;
  readonly until: number;
}

export class StripeDouble {
  world: StripeWorld;
  readonly requests: RequestSeen[] = [];
  /**
   * `DOWN`: connections break off. `FAILS`: 500. `HANGS`: no answer. `LOSES`: done, and the answer is lost.
   * `STRANGER`: the key is not known, and the answer says it.
   */
  trouble: 'DOWN' | 'FAILS' | 'HANGS' | 'LOSES' | 'STRANGER' | null = null;
  readonly #delivered = new Set<string>();
  readonly #answers = new Map<string, Kept>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #worlds = 0;

  private constructor(private readonly options: StripeDoubleOptions) {
    this.world = this.newWorld();
  }

  static async start(options: StripeDoubleOptions = {}): Promise<StripeDouble> {
    const double = new StripeDouble(options);
    await new Promise<void>((listening) => double.#server.listen(0, '127.0.0.1', listening));
    return double;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Everything begins anew, under other ids. */
  newWorld(): StripeWorld {
    this.#worlds += 1;
    this.#answers.clear();
    this.#delivered.clear();
    this.requests.length = 0;
    this.trouble = null;
    this.world = new StripeWorld(this.options.startsAt ?? 1_800_000_000, `w${this.#worlds}`);
    return this.world;
  }

  /** One delivery of an event, signed as Stripe signs: HMAC-SHA-256 over `timestamp.body`. */
  sign(event: unknown, secret: string, timestamp = this.world.now): Delivery {
    const body = Buffer.from(JSON.stringify(event, null, 2));
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body.toString()}`).digest('hex');
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': `t=${timestamp},v1=${signature}`,
    };
    return { body, headers };
  }

  /** A 2xx was answered: it is not sent again. */
  delivered(event: WorldEvent): void {
    this.#delivered.add(event.id);
  }

  isDelivered(event: WorldEvent): boolean {
    return this.#delivered.has(event.id);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://double');
    const params = parseForm(method === 'POST' ? Buffer.concat(chunks).toString() : url.search);
    const { trouble } = this;
    if (trouble === 'HANGS') return;
    if (trouble === 'DOWN') {
      request.socket.destroy();
      return;
    }
    const key = method === 'POST' ? headers['idempotency-key'] : undefined;
    const told =
      trouble === 'FAILS' ? FAILED : this.#answerOnce({ key: key?.toString(), method, path: url.pathname, params });
    if (trouble === 'STRANGER') {
      response.writeHead(401, { 'content-type': 'application/json' });
      const message = `Invalid API Key provided: ${headers.authorization ?? ''}`;
      response.end(JSON.stringify({ error: { type: 'invalid_request_error', message } }));
      return;
    }
    this.requests.push({ method, path: url.pathname, params, headers, status: told.status });
    if (trouble === 'LOSES') {
      this.trouble = null;
      request.socket.destroy();
      return;
    }
    response.writeHead(told.status, { 'content-type': 'application/json', 'request-id': 'req_double' });
    response.end(told.body);
  }

  /** As Stripe does: the same key and parameters, the first answer; other parameters, an error. For a day. */
  #answerOnce(asked: { key: string | undefined; method: string; path: string; params: Params }): Told {
    const { key, method, path, params } = asked;
    const content = JSON.stringify([method, path, params]);
    const kept = key === undefined ? undefined : this.#answers.get(key);
    const first = kept !== undefined && kept.until > this.world.now ? kept : undefined;
    if (first !== undefined && first.content !== content) {
      const message = `Keys for idempotent requests can only be used with the same parameters. (${key ?? ''})`;
      return refusedAs(new Refused(400, { type: 'idempotency_error', message }));
    }
    if (first !== undefined) return first;
    const told = this.#answer(method, path, params);
    // What is refused before anything is begun is not remembered.
    const isBegun = told.status < 400 || told.status === 402;
    if (key !== undefined && isBegun) this.#answers.set(key, { content, ...told, until: this.world.now + DAY });
    return told;
  }

  #answer(method: string, path: string, params: Params): Told {
    try {
      const route = findRoute(method, path);
      if (route === null) throw new Refused(404, { message: `Unrecognized request URL (${method}: ${path}).` });
      this.#check(`Request${route.type}`, params, 'FORM');
      const isDelivered = (event: WorldEvent): boolean => this.#delivered.has(event.id);
      const value = shown(
        this.world,
        route.handle(this.world, params, { id: route.id, isDelivered }),
        expansionsOf(params),
      );
      for (const object of Array.isArray(value['data']) ? (value['data'] as unknown[]) : [value])
        this.#checkAnswer(object);
      return { status: 200, body: JSON.stringify(value) };
    } catch (error) {
      if (error instanceof Refused) return refusedAs(error);
      throw error;
    }
  }

  #check(name: string, value: unknown, wire: 'FORM' | 'JSON'): void {
    const fault = this.options.typings?.faultOf(name, value, wire) ?? null;
    if (fault !== null) throw new Refused(400, { code: 'parameter_unknown', message: fault });
  }

  #checkAnswer(object: unknown): void {
    const kind = isRecord(object) ? object['object'] : null;
    const sent: unknown = JSON.parse(JSON.stringify(object));
    if (isRecord(object) && object['deleted'] === true) this.#check('AnswerDeletedCustomer', sent, 'JSON');
    else if (kind === 'event' && isRecord(object)) this.#checkAnswer((object as unknown as WorldEvent).data.object);
    else this.#check(TYPE_NAMES[kind as keyof typeof TYPE_NAMES], sent, 'JSON');
  }
}

interface Told {
  readonly status: number;
  readonly body: string;
}

const refusedAs = ({ status, error }: Refused): Told => ({
  status,
  body: JSON.stringify({ error: { type: 'invalid_request_error', ...error } }),
});

const FAILED: Told = { status: 500, body: JSON.stringify({ error: { type: 'api_error', message: 'It hurts.' } }) };

/** `a[b][0]=c` → `{ a: { b: ['c'] } }`. */
const parseForm = (text: string): Params => {
  const root: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const keys = name.split(/[[\]]+/).filter((key) => key !== '');
    let at = root;
    keys.forEach((key, index) => {
      const next = keys[index + 1];
      at[key] ??= next === undefined ? value : /^\d+$/.test(next) ? [] : {};
      at = at[key] as Record<string, unknown>;
    });
  }
  return root;
};

const expansionsOf = ({ expand }: Params): readonly string[] =>
  Array.isArray(expand) ? expand.filter((path) => typeof path === 'string') : [];

/** `payments.data.payment.payment_intent`: ids on the path become the objects. Lists are walked into. */
const expanded = (world: StripeWorld, value: unknown, [key, ...rest]: readonly string[]): unknown => {
  if (key === undefined) return value;
  if (Array.isArray(value)) return value.map((one) => expanded(world, one, [key, ...rest]));
  if (!isRecord(value)) return value;
  const named = value[key];
  const next = typeof named === 'string' ? (world.objects.get(named) ?? named) : named;
  return { ...value, [key]: expanded(world, next, rest) };
};

/** What an answer shows: `payments` of an invoice only where it was asked for. */
const shown = (world: StripeWorld, object: object, paths: readonly string[]): Readonly<Record<string, unknown>> => {
  const whole = paths.reduce<unknown>((value, path) => expanded(world, value, path.split('.')), object);
  const isAsked = paths.some((path) => /(^|\.)payments(\.|$)/.test(path));
  const shownOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shownOf);
    if (!isRecord(value)) return value;
    const { payments, ...rest } = value;
    return isAsked || value['object'] !== 'invoice' || payments === undefined ? value : rest;
  };
  const answer =
    isRecord(whole) && Array.isArray(whole['data']) ? { ...whole, data: shownOf(whole['data']) } : shownOf(whole);
  return answer as Readonly<Record<string, unknown>>;
};

import { setTimeout as pause } from 'node:timers/promises';
import { parse, subscribe as subscribeByGraphQL } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/accounts/caller.js';
import { openStore } from '../../../src/store/openStore.js';
import { partAt } from '../../support/bodies.js';
import { observeStore } from '../../support/observedStore.js';
import { readyPaywall, schemaOf } from './ready.js';
import type { ReadyPaywall } from './ready.js';

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

/** Events that a test sends by hand, and what became of their source. */
class Source implements AsyncIterableIterator<unknown> {
  started = 0;
  isReturned = false;
  #events: unknown[] = [];
  #waiting: ((result: IteratorResult<unknown>) => void) | null = null;

  send(...events: readonly unknown[]): void {
    this.#events.push(...events);
    this.#deliver();
  }

  next(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    this.isReturned = true;
    this.#deliver();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === null || (this.#events.length === 0 && !this.isReturned)) return;
    this.#waiting = null;
    waiting(this.isReturned ? { done: true, value: undefined } : { done: false, value: this.#events.shift() });
  }
}

const schemaWith = (source: Source) =>
  schemaOf(
    `type Query { a: Int }
     type Subscription { tick: Int @requiresPayment(feature: "ticks", cost: 2) free: Int bare: Int @requiresPayment(cost: 1) }`,
    {
      Subscription: {
        tick: {
          subscribe: () => {
            source.started += 1;
            return source;
          },
          resolve: (event: number) => (event < 0 ? null : event),
        },
        free: { subscribe: () => source, resolve: (event: number) => event },
      },
    },
  );

const ready = async (source: Source): Promise<ReadyPaywall> => {
  const paywall = await readyPaywall(schemaWith(source));
  closing.push(paywall.close);
  return paywall;
};

type Events = AsyncIterableIterator<ExecutionResult>;

const subscribe = async ({ paywall }: ReadyPaywall, caller: Caller, document = 'subscription { tick }') =>
  paywall.subscribe({ document, contextValue: { tollgate: { caller } } });

const eventsOf = (subscribed: Events | ExecutionResult): Events => {
  if (Symbol.asyncIterator in subscribed) return subscribed;
  throw new Error(`It was refused: ${JSON.stringify(subscribed)}`);
};

const next = async (events: Events): Promise<unknown> => {
  const { done, value } = await events.next();
  return done === true ? 'END' : JSON.parse(JSON.stringify(value));
};

const paid = (tick: number, balance: number) => ({
  data: { tick },
  extensions: {
    payment: {
      charged: 2,
      balance,
      fields: [{ coordinate: 'Subscription.tick', positions: 1, credits: 2, coveredBy: null }],
    },
  },
});

describe('a subscription that is refused', () => {
  it('never starts its source', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const caller = await paywall.callerWith(1);
    const refused = await subscribe(paywall, caller);
    expect(refused).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ reason: 'INSUFFICIENT_FUNDS' }) })],
    });
    expect(source.started).toBe(0);
    expect(await paywall.walletOf(caller)).toEqual({ available: 1, held: 0, holds: 0 });
  });

  it('has no source to read from, either, where the source comes from the root value', async () => {
    const paywall = await ready(new Source());
    const caller = await paywall.callerWith(0);
    const request = {
      document: 'subscription { bare }',
      contextValue: { tollgate: { caller } },
      rootValue: { bare: () => new Source() },
    };
    expect(await paywall.paywall.subscribe(request)).toHaveProperty('errors');
  });

  it('has none without a tab: graphql-js alone does not start it', async () => {
    const source = new Source();
    const { paywall } = await ready(source);
    const { schema } = paywall;
    const rootValue = { bare: () => source.next() };
    for (const document of ['subscription { tick }', 'subscription { bare }'].map((text) => parse(text))) {
      expect(await subscribeByGraphQL({ schema, document, rootValue, contextValue: {} })).toMatchObject({
        errors: [{ extensions: { code: 'NO_OPEN_TAB' } }],
      });
    }
    expect(source.started).toBe(0);
  });

  it('and one that is not valid, says so', async () => {
    const source = new Source();
    const paywall = await ready(source);
    expect(await subscribe(paywall, await paywall.callerWith(9), 'subscription { tock }')).toHaveProperty('errors');
    expect(source.started).toBe(0);
  });
});

describe('a paid subscription', () => {
  it('is charged per event that is delivered, and for nothing else', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const caller = await paywall.callerWith(7);
    const events = eventsOf(await subscribe(paywall, caller));
    expect(source.started).toBe(1);
    expect(await paywall.walletOf(caller)).toEqual({ available: 7, held: 0, holds: 0 });
    source.send(1, -1, 2);
    expect(await next(events)).toEqual(paid(1, 5));
    expect(await next(events)).toEqual({
      data: { tick: null },
      extensions: { payment: { charged: 0, balance: 5, fields: [] } },
    });
    expect(await next(events)).toEqual(paid(2, 3));
    expect(await paywall.walletOf(caller)).toEqual({ available: 3, held: 0, holds: 0 });
  });

  it('ends with the refusal as its last event when the means run out, and ends its source', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const events = eventsOf(await subscribe(paywall, await paywall.callerWith(3)));
    source.send(1, 2, 3);
    expect(await next(events)).toEqual(paid(1, 1));
    const last = await next(events);
    expect(last).toMatchObject({
      errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS', available: 1, required: 2 } }],
    });
    expect(last).not.toHaveProperty('data');
    expect(await next(events)).toBe('END');
    expect(source.isReturned).toBe(true);
  });

  it('ends with an event for which the key is no longer valid', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const caller = await paywall.callerWith(9);
    let isRevoked = false;
    const again = async (): Promise<Caller> =>
      isRevoked ? { ...caller, key: 'REVOKED', again } : { ...caller, again };
    const events = eventsOf(await subscribe(paywall, { ...caller, again }));
    source.send(1);
    expect(await next(events)).toEqual(paid(1, 7));
    isRevoked = true;
    source.send(2);
    expect(await next(events)).toMatchObject({ errors: [{ extensions: { reason: 'KEY_REVOKED' } }] });
    expect(await next(events)).toBe('END');
  });

  it('reads what the account has anew for each event', async () => {
    const observed = observeStore(await openStore('sqlite::memory:'));
    const source = new Source();
    const paywall = await readyPaywall(schemaWith(source), { store: observed.store });
    closing.push(paywall.close);
    const events = eventsOf(await subscribe(paywall, await paywall.callerWith(9)));
    observed.takeCalls();
    source.send(1, 2);
    for (let event = 0; event < 2; event += 1) {
      await next(events);
      const { byVerb } = observed.takeCalls();
      expect(byVerb).toMatchObject({ findAccounts: 1, findSubscriptions: 1, findWallets: 1, commitWallets: 2 });
    }
  });

  it('does not become free by an Idempotency-Key: each of its events is another', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const caller = await paywall.callerWith(4);
    const request = {
      document: 'subscription { tick }',
      contextValue: { tollgate: { caller } },
      idempotencyKey: 'once',
    };
    const events = eventsOf(await paywall.paywall.subscribe(request));
    source.send(1, 2, 3);
    expect(await next(events)).toEqual(paid(1, 2));
    expect(await next(events)).toEqual(paid(2, 0));
    expect(await next(events)).toHaveProperty('errors');
  });

  it('that the client ends before its next event has come ends its source at once', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const events = eventsOf(await subscribe(paywall, await paywall.callerWith(4)));
    const waiting = events.next();
    await pause(1);
    await events.return?.();
    expect(source.isReturned).toBe(true);
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('that the client ends between two events ends its source', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const events = eventsOf(await subscribe(paywall, await paywall.callerWith(4)));
    source.send(1, 2);
    for await (const event of events) {
      expect(event.data).toEqual({ tick: 1 });
      break;
    }
    expect(source.isReturned).toBe(true);
  });
});

describe('an event that comes after the client has ended it', () => {
  it('is not charged, and nothing stays on hold for it', async () => {
    // A source that was asked for its next event answers, whatever it is told meanwhile.
    let send: (event: IteratorResult<unknown>) => void = () => undefined;
    const source = new Source();
    source.next = () => new Promise((resolve) => (send = resolve));
    const paywall = await ready(source);
    const caller = await paywall.callerWith(10);
    const events = eventsOf(await subscribe(paywall, caller));
    const first = next(events);
    await pause(1);
    send({ done: false, value: 1 });
    expect(await first).toEqual(paid(1, 8));
    const second = next(events);
    await pause(1);
    const ending = events.return?.();
    send({ done: false, value: 2 });
    await Promise.all([second, ending]);
    expect(await paywall.walletOf(caller)).toEqual({ available: 8, held: 0, holds: 0 });
  });
});

describe('two subscriptions with one context value', () => {
  it('are each charged for their own events', async () => {
    const source = new Source();
    const paywall = await ready(source);
    const caller = await paywall.callerWith(8);
    const contextValue = { tollgate: { caller } };
    const both = await Promise.all(
      [1, 2].map(() => paywall.paywall.subscribe({ document: 'subscription { tick }', contextValue })),
    );
    for (const [index, subscribed] of both.entries()) {
      const events = eventsOf(subscribed);
      const event = next(events);
      source.send(index);
      expect(await event).toMatchObject({ data: { tick: index } });
    }
    expect(await paywall.walletOf(caller)).toEqual({ available: 4, held: 0, holds: 0 });
  });
});

describe('a free subscription', () => {
  it('needs no key and costs nothing', async () => {
    const source = new Source();
    const { paywall } = await ready(source);
    const caller = await paywall.identify(undefined);
    const events = eventsOf(
      await paywall.subscribe({ document: 'subscription { free }', contextValue: { tollgate: { caller } } }),
    );
    source.send(5);
    expect(await next(events)).toEqual({ data: { free: 5 } });
  });
});

it('what comes without a document is told so, by execute and by subscribe', async () => {
  const { paywall, callerWith } = await ready(new Source());
  const request = { document: undefined as never, contextValue: { tollgate: { caller: await callerWith(1) } } };
  for (const answer of [await paywall.execute(request), await paywall.subscribe(request)]) {
    expect(answer).toMatchObject({
      errors: [{ message: expect.stringContaining('no document'), extensions: { code: 'BAD_REQUEST' } }],
    });
  }
});

it('a context value that does not say who is calling is told what to write', async () => {
  const { paywall } = await ready(new Source());
  const contextValue = { request: new Request('http://a.test') } as never;
  await expect(paywall.execute({ document: '{ __typename }', contextValue })).rejects.toThrow('callerContext');
});

it('a `request` of somebody else’s in the context value is nobody’s ids', async () => {
  const { paywall, callerWith } = await ready(new Source());
  const contextValue = { request: new Request('http://a.test'), tollgate: { caller: await callerWith(0) } };
  const answer = await paywall.subscribe({ document: 'subscription { tick }', contextValue });
  expect(answer).toMatchObject({ errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS' } }] });
  await paywall.engine.refusals.flush();
  const refusalId = partAt(answer, 'errors', 0, 'extensions', 'refusalId');
  const page = await paywall.engine.store.findRefusals([String(refusalId)]);
  expect(page).toMatchObject([{ requestId: null, traceId: null }]);
});

describe('an operation that is refused whole', () => {
  it('tells by its errors’ paths which of its fields they mean, alias and all', async () => {
    const schema = schemaOf(`
      type Query { boxes(first: Int! = 2): [Box!]! @listSize(slicingArguments: ["first"]) rows: [[Box]] last: Int @requiresPayment(cost: 5) }
      type Box { note: String @requiresPayment(cost: 1) }
    `);
    const paywall = await readyPaywall(schema, { whenRefused: 'REJECT' });
    closing.push(paywall.close);
    const { errors = [], data } = await paywall.run(
      await paywall.callerWith(0),
      '{ all: boxes { mine: note } rows { note } ...L } fragment L on Query { z: last a: last }',
    );
    expect({ data, paths: errors.map(({ path }) => path) }).toEqual({
      data: undefined,
      paths: [['all', 0, 'mine'], ['rows', 0, 0, 'note'], ['z'], ['a']],
    });
  });

  it('is not charged with what a null condition keeps from resolving', async () => {
    const schema = schemaOf(
      'type Query { free: Int g: G } type G { b: Int @requiresPayment(cost: 1) c: Int @requiresPayment(cost: 1) }',
      { Query: { free: () => 1, g: () => ({ b: 2, c: 3 }) } },
    );
    const paywall = await readyPaywall(schema);
    closing.push(paywall.close);
    const caller = await paywall.callerWith(9);
    const answers: unknown[] = [];
    for (const v of [false, null, true]) {
      const document = 'query ($v: Boolean = true) { free g { c b @include(if: $v) } }';
      const { data, errors = [] } = await paywall.run(caller, document, { v });
      answers.push([JSON.parse(JSON.stringify(data)), errors.map(({ path }) => path)]);
    }
    expect(answers).toEqual([
      [{ free: 1, g: { c: 3 } }, []],
      [{ free: 1, g: null }, [['g']]],
      [{ free: 1, g: { c: 3, b: 2 } }, []],
    ]);
    expect(await paywall.walletOf(caller)).toEqual({ available: 6, held: 0, holds: 0 });
  });
});

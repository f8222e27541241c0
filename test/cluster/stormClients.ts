/** What clients and an operator send into a storm, and what each of them learned. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { chargedIn, listAt, partAt } from '../support/bodies.js';
import type { Life, StormFleet } from './stormWeather.js';

/** One answer to an operation, or none. */
export interface Heard {
  readonly status: number | 'NO_ANSWER';
  readonly data: unknown;
  readonly charged: number;
  readonly body: unknown;
  readonly life: Life;
}

/** One operation, sent once, or with a key as often as it takes. */
export interface Sent {
  /** Its name, which its charge has too. */
  readonly operation: string;
  readonly account: string;
  readonly isKeyed: boolean;
  /** What its data says that it cost, where no plan covered it. */
  readonly costOf: (data: unknown) => number;
  readonly costMax: number;
  /** Whether a plan may have covered it. */
  readonly isCoverable: boolean;
  readonly heard: Heard[];
}

interface Refused {
  readonly code?: unknown;
  readonly argument?: unknown;
}

interface Order {
  readonly document: string;
  readonly costMax: number;
  readonly isCoverable: boolean;
  readonly costOf: (data: unknown) => number;
}

/** So many operations apart it is said how far the storm is. */
const PROGRESS_EVERY = 5_000;
/** Far longer than a stop takes, on a machine that does much else. */
const TIMEOUT_MS = 60_000;
/** A key of which nothing definite was heard for so many tries is a fault. */
const TRIES_MAX = 600;
const OWNER = 'demo-owner';
/** How the reasons of grants and refunds of the storm's operator begin. */
export const REASON = 'storm-';

const numberAt = (data: unknown, field: string): number => {
  const value = partAt(data, field);
  return typeof value === 'number' ? value : 0;
};

const orderOf = (operation: string, random: () => number): Order => {
  const n = 1 + Math.floor(random() * 5);
  const dice = random();
  if (dice < 0.25) {
    const document = `query ${operation} { units(n: ${n}) }`;
    return { document, costMax: n, isCoverable: false, costOf: (data) => numberAt(data, 'units') };
  }
  if (dice < 0.6) {
    // Longer and shorter than quoted, and quoted as nothing.
    const [first, real] = [Math.floor(random() * 6), Math.floor(random() * 12)];
    return {
      document: `query ${operation} { parcels(first: ${first}, real: ${real}) { value } }`,
      costMax: real,
      isCoverable: false,
      costOf: (data) => listAt(data, 'parcels').filter((item) => partAt(item, 'value') === 1).length,
    };
  }
  if (dice < 0.8) {
    const document = `query ${operation} { covered(n: ${n}) }`;
    return { document, costMax: 2 * n, isCoverable: true, costOf: (data) => 2 * numberAt(data, 'covered') };
  }
  const document = `mutation ${operation} { order(n: ${n}) }`;
  return { document, costMax: n, isCoverable: false, costOf: (data) => numberAt(data, 'order') };
};

export class StormClients {
  readonly sent: Sent[] = [];
  /** Credits by the reason that the operator gave, each of which was confirmed. */
  readonly granted = new Map<string, { readonly account: string; readonly credits: number }>();
  readonly refunded = new Map<string, { readonly account: string; readonly credits: number }>();
  /** What no client should ever be answered. */
  readonly absurd: string[] = [];
  #count = 0;

  constructor(
    private readonly fleet: StormFleet,
    private readonly keys: ReadonlyMap<string, string>,
    private readonly random: () => number,
  ) {}

  /** Sends so many operations from so many clients, and administers the accounts meanwhile. */
  async run(clients: number, operations: number): Promise<void> {
    const accounts = [...this.keys.keys()];
    const client = async (): Promise<void> => {
      while (this.#count < operations) {
        const number = (this.#count += 1);
        if (number % PROGRESS_EVERY === 0) console.log(`${number} of ${operations} operations were sent`);
        const account = accounts[Math.floor(this.random() * accounts.length)] ?? '';
        if (this.random() < 0.02) await this.#administer(account, number);
        else await this.#send(account, `Op${number}`);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  async #send(account: string, operation: string): Promise<void> {
    const { document, costOf, costMax, isCoverable } = orderOf(operation, this.random);
    const isKeyed = this.random() < 0.3;
    const sent: Sent = { operation, account, isKeyed, costOf, costMax, isCoverable, heard: [] };
    this.sent.push(sent);
    if (!isKeyed) {
      sent.heard.push(await this.#ask(account, document, null));
      return;
    }
    // To two servers at once, then to any until it is settled, then once more.
    const both = () => Promise.all([1, 2].map(() => this.#ask(account, document, operation)));
    sent.heard.push(...(await both()));
    for (let tries = 0; !isSettled(sent); tries += 1) {
      if (tries === TRIES_MAX) {
        this.absurd.push(`${operation}: no answer after ${tries} tries, the last ${JSON.stringify(sent.heard.at(-1))}`);
        return;
      }
      await pause(3 + this.random() * 100);
      sent.heard.push(await this.#ask(account, document, operation));
    }
    if (sent.heard.some(({ status }) => status === 200)) sent.heard.push(...(await both()));
  }

  async #ask(account: string, query: string, key: string | null): Promise<Heard> {
    const life = this.fleet.pick();
    const idempotency = key === null ? {} : { 'idempotency-key': `"${key}"` };
    const headers = { authorization: `Bearer ${this.keys.get(account) ?? ''}`, ...idempotency };
    const answer = await post(`${life.url}/graphql`, headers, { query });
    if (answer === null) return { status: 'NO_ANSWER', data: null, charged: 0, body: null, life };
    const { status, body } = answer;
    if (!KNOWN.has(status)) this.absurd.push(`${query}: ${status} ${JSON.stringify(body)}`);
    return { status, data: partAt(body, 'data'), charged: chargedIn(body), body, life };
  }

  /** One call of the admin API, sent again to any server until it is answered. */
  async administer(mutation: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const variables = { ...args, idempotencyKey: randomUUID() };
    const query = adminDocument(mutation, variables);
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = await post(`${this.fleet.pick().url}/admin/graphql`, { authorization: `Bearer ${OWNER}` }, query);
      if (answer?.status === 200) {
        const { code, argument } = Object(partAt(answer.body, 'errors', 0, 'extensions')) as Refused;
        // A call under this key is being carried out, by a server that died in the midst of it, say.
        const isUnderWay = code === 'CONFLICT' && argument === 'idempotencyKey';
        if (code === undefined || (REFUSALS.has(code) && !isUnderWay)) return answer.body;
      }
      await pause(3 + this.random() * 50);
    }
    throw new Error(`${mutation} was not answered ${TRIES_MAX} times.`);
  }

  async #administer(accountId: string, number: number): Promise<void> {
    const dice = this.random();
    const reason = `${REASON}${number}`;
    if (dice < 0.5) {
      const credits = 1 + Math.floor(this.random() * 400);
      const body = await this.administer('grantCredits', { accountId, credits, reason });
      if (partAt(body, 'errors') === undefined) this.granted.set(reason, { account: accountId, credits });
      else this.absurd.push(`grantCredits: ${JSON.stringify(body)}`);
    } else if (dice < 0.65) {
      await this.#refund(accountId, reason);
    } else if (dice < 0.8) {
      const planId = this.random() < 0.5 ? 'small' : 'large';
      await this.administer('changeSubscription', {
        accountId,
        planId,
        when: this.random() < 0.5 ? 'NOW' : 'PERIOD_END',
      });
    } else if (dice < 0.9) {
      await this.administer('recordPayment', { accountId });
    } else {
      await this.administer('suspendAccount', { accountId });
      await pause(this.random() * 200);
      await this.administer('resumeAccount', { accountId });
    }
  }

  /** Gives one of the last charges back, or what is left of it. */
  async #refund(accountId: string, reason: string): Promise<void> {
    const query = `{ ledger(accountId: ${JSON.stringify(accountId)}, first: 20) { nodes { kind holdId credits } } }`;
    const headers = { authorization: `Bearer ${OWNER}` };
    const answer = await post(`${this.fleet.pick().url}/admin/graphql`, headers, { query });
    const charges = listAt(answer?.body, 'data', 'ledger', 'nodes').filter((node) => partAt(node, 'kind') === 'CHARGE');
    const holdId = partAt(charges[Math.floor(this.random() * charges.length)], 'holdId');
    if (holdId === undefined) return;
    const body = await this.administer('refundCharge', { accountId, holdId, credits: 1, reason });
    if (partAt(body, 'errors') === undefined) this.refunded.set(reason, { account: accountId, credits: 1 });
  }
}

/** 408: a server that was stopped, or has much else to do, has not read it in time. */
const KNOWN: ReadonlySet<number> = new Set([200, 402, 403, 408, 409, 429, 503]);
const REFUSALS: ReadonlySet<unknown> = new Set(['BAD_USER_INPUT', 'CONFLICT', 'NOT_FOUND']);
const TYPES: Readonly<Record<string, string>> = {
  idempotencyKey: 'String!',
  accountId: 'ID!',
  planId: 'ID!',
  holdId: 'ID!',
  credits: 'SafeInt!',
  reason: 'String!',
  when: 'When!',
  plan: 'PlanInput!',
  version: 'Int!',
  id: 'ID',
  name: 'String!',
};

const adminDocument = (mutation: string, variables: Readonly<Record<string, unknown>>) => {
  const names = Object.keys(variables);
  const declared = names.map((name) => `$${name}: ${TYPES[name] ?? 'String'}`).join(', ');
  const passed = names.map((name) => `${name}: $${name}`).join(', ');
  const selection = mutation === 'issueApiKey' ? 'secret' : '__typename';
  return { query: `mutation (${declared}) { ${mutation}(${passed}) { ${selection} } }`, variables };
};

/** Served, or refused for good: what is in flight, cut off or unconfirmed is sent again. */
const isSettled = ({ heard }: Sent): boolean => heard.some(({ status }) => status === 200 || status === 402);

const post = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<{ readonly status: number; readonly body: unknown } | null> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: JSON.parse(await response.text()) as unknown };
  } catch {
    return null;
  }
};

/** A server that is administered over HTTP and by no other means, with a clock that tests move. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import type { GraphQLNamedType } from 'graphql';
import { createAdminSchema } from '../../../src/api/admin/createAdminSchema.js';
import { billingResolvers } from '../../../src/api/billingResolvers.js';
import { billingTypeDefs, directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import { openStore } from '../../../src/store/openStore.js';
import { listAt, partAt } from '../../support/bodies.js';
import { startServer } from '../../support/server.js';
import type { Answer, TestServer, TestServerOptions } from '../../support/server.js';

export type Args = Readonly<Record<string, unknown>>;

export const OWNER = 'demo-owner';
export const adminSchema = createAdminSchema();

const typeDefs = /* GraphQL */ `
  type Query {
    free: String
    paid(units: Int! = 1): String @requiresPayment(feature: "paid", cost: 5, multipliers: ["units"])
    covered: String @requiresPayment(feature: "covered")
  }
`;

/** The product that is administered. */
const productSchema = () =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs, billingTypeDefs()],
    resolvers: [billingResolvers, { Query: { free: () => 'free', paid: () => 'paid', covered: () => 'covered' } }],
  });

const memory = async () => {
  const store = await openStore('sqlite::memory:');
  return { store, drop: () => store.close() };
};

/** A plan as `PlanInput`. */
export const PLAN: Args = {
  name: 'Pro',
  amountMinor: 3_100,
  currency: 'EUR',
  interval: 'MONTH',
  features: [{ feature: 'covered' }, { feature: 'paid', limit: 3, per: 'BILLING_PERIOD' }],
  creditsPerPeriod: 0,
  trialDays: 14,
  graceDays: 7,
};

export class World {
  clock = Date.UTC(2026, 0, 1);
  #made = 0;

  private constructor(readonly server: TestServer) {}

  static async open(options: TestServerOptions = {}): Promise<World> {
    const holder: { world?: World } = {};
    const now = () => holder.world?.clock ?? Date.UTC(2026, 0, 1);
    const server = await startServer({ schema: productSchema(), database: memory, planRefreshMs: 0, now, ...options });
    return (holder.world = new World(server));
  }

  /** A name that nothing else in this world has. */
  name(kind: string): string {
    return `${kind}-${(this.#made += 1)}`;
  }

  /** Calls a mutation, under a new key unless the arguments have one, and answers all that came. */
  call(mutation: string, args: Args, key: string | null = OWNER): Promise<Answer> {
    const variables = { idempotencyKey: this.name('call'), ...args };
    return this.server.admin(key, documentOf(mutation, Object.keys(variables)), variables);
  }

  /** Calls a mutation that must succeed, and answers its payload. */
  async do(mutation: string, args: Args): Promise<unknown> {
    const { body } = await this.call(mutation, args);
    const payload = partAt(body, 'data', mutation);
    if (payload == null) throw new Error(`${mutation}: ${JSON.stringify(partAt(body, 'errors'))}`);
    return payload;
  }

  async ask(document: string, variables: Args = {}): Promise<unknown> {
    const { body } = await this.server.admin(OWNER, document, variables);
    if (listAt(body, 'errors').length > 0) throw new Error(JSON.stringify(partAt(body, 'errors')));
    return partAt(body, 'data');
  }

  async account(credits = 0): Promise<string> {
    const id = this.name('account');
    await this.do('createAccount', { id, name: id });
    if (credits > 0) await this.do('grantCredits', { accountId: id, credits, reason: 'Start' });
    return id;
  }

  async keyOf(accountId: string, changes: Args = {}): Promise<{ readonly id: string; readonly secret: string }> {
    const issued = await this.do('issueApiKey', { accountId, ...changes });
    return { id: textAt(issued, 'apiKey', 'id'), secret: textAt(issued, 'secret') };
  }

  async draft(changes: Args = {}): Promise<string> {
    const planId = this.name('plan');
    await this.do('createPlanDraft', { planId, plan: { ...PLAN, ...changes } });
    return planId;
  }

  /** A plan on sale, at version 2. */
  async plan(changes: Args = {}): Promise<string> {
    const planId = await this.draft(changes);
    await this.do('publishPlan', { planId, version: 1 });
    return planId;
  }

  async subscribed(planId: string | null = null, changes: Args = {}): Promise<string> {
    const accountId = await this.account();
    await this.do('startSubscription', { accountId, planId: planId ?? (await this.plan()), ...changes });
    return accountId;
  }

  /** An account that was charged 10 of its 100 credits, and the operation that it was charged for. */
  async charged(): Promise<{ readonly accountId: string; readonly holdId: string }> {
    const accountId = await this.account(100);
    const { secret } = await this.keyOf(accountId);
    await this.server.query(secret, '{ paid(units: 2) }');
    const data = await this.ask('query ($id: ID!) { ledger(accountId: $id, first: 1) { nodes { holdId } } }', {
      id: accountId,
    });
    return { accountId, holdId: textAt(data, 'ledger', 'nodes', 0, 'holdId') };
  }

  /** An owner beside whom there is no other one, but the demo's, who is not stored. */
  async lastOwner(): Promise<string> {
    const { id } = await this.operator('OWNER');
    const data = await this.ask('{ operators(first: 100) { nodes { id role removedAt } } }');
    for (const other of listAt(data, 'operators', 'nodes')) {
      const isOwner = partAt(other, 'role') === 'OWNER' && partAt(other, 'removedAt') === null;
      if (isOwner && partAt(other, 'id') !== id) await this.do('removeOperator', { operatorId: partAt(other, 'id') });
    }
    return id;
  }

  async operator(role: string): Promise<{ readonly id: string; readonly secret: string }> {
    const made = await this.do('createOperator', { name: role, role });
    return { id: textAt(made, 'operator', 'id'), secret: textAt(made, 'secret') };
  }
}

/** A part of an answer that must be a text. */
export const textAt = (body: unknown, ...path: readonly (string | number)[]): string => {
  const text = partAt(body, ...path);
  if (typeof text !== 'string') throw new Error(`There is no text at ${path.join('.')}.`);
  return text;
};

/** The mutation with these arguments as variables, and all that can be asked of its payload without further ones. */
const documentOf = (mutation: string, args: readonly string[]): string => {
  const field = adminSchema.getMutationType()?.getFields()[mutation];
  if (field === undefined) throw new Error(`There is no mutation ${mutation}.`);
  const given = field.args.filter(({ name }) => args.includes(name));
  const variables = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ');
  return `mutation (${variables}) { ${mutation}(${passed}) ${selectionOf(getNamedType(field.type))} }`;
};

const DEPTH_MAX = 4;

const selectionOf = (type: GraphQLNamedType, depth = 0): string => {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).filter((field) => field.args.length === 0);
  const selected = fields
    .filter((field) => depth < DEPTH_MAX || !isCompositeType(getNamedType(field.type)))
    .map((field) => `${field.name} ${selectionOf(getNamedType(field.type), depth + 1)}`);
  return `{ ${selected.join(' ')} }`;
};

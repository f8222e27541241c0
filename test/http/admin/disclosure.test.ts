/** Nothing that is secret shows, nothing from outside is taken for more than text, and nobody learns of others. */
import { buildSchema } from 'graphql';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { requireRoles } from '../../../src/api/admin/createAdminSchema.js';
import { ensureOwner } from '../../../src/admin/identifyOperator.js';
import { accountId } from '../../../src/domain/ids.js';
import { listAt, partAt } from '../../support/bodies.js';
import { HOSTILE_STRINGS } from '../../contract/store/storedValues.js';
import { OWNER, PLAN, textAt, World } from './world.js';

const open = async (work: (world: World, log: readonly string[]) => Promise<void>): Promise<void> => {
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => log.push(line) });
  const world = await World.open({ logger });
  try {
    await work(world, log);
  } finally {
    await world.server.close();
  }
};

describe('secrets', () => {
  it('are in one answer each, and nowhere else: not in the store, the logs, errors, lists or the audit log', async () => {
    await open(async (world, log) => {
      const account = await world.account(10);
      const issued = await world.do('issueApiKey', { accountId: account, idempotencyKey: 'k1' });
      const rotated = await world.do('rotateApiKey', { keyId: textAt(issued, 'apiKey', 'id') });
      const operator = await world.operator('ADMIN');
      const secrets = [textAt(issued, 'secret'), textAt(rotated, 'secret'), operator.secret];
      await world.server.query(textAt(rotated, 'secret'), '{ paid }');
      await world.call('suspendAccount', { accountId: 'nobody' }, operator.secret);
      world.server.fail('saveAccounts', 'UNREACHABLE', 1);
      const failed = await world.call('suspendAccount', { accountId: account }, operator.secret);
      expect(failed.body).toMatchObject({ errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] });
      await world.server.paywall.engine.keyUses.write();

      const { store } = world.server;
      const stored = [
        await store.findApiKeyPage(accountId(account), { count: 10, after: null, isBackward: false }),
        await store.findOperators(),
        await store.findAuditPage(null, { count: 100, after: null, isBackward: false }),
        await store.findKeyedOperations([JSON.stringify([JSON.stringify({ operator: 'demo-owner' }), 'k1'])]),
      ];
      expect(stored[3]).toMatchObject([{ operationName: 'issueApiKey', answer: expect.any(String) }]);
      const shown = await world.server.admin(
        OWNER,
        `{ auditLog(first: 100) { nodes { arguments before after } } operators { nodes { id prefix } }
           account(id: "${account}") { apiKeys { nodes { id prefix lastUsedAt } } } }`,
      );
      const everything = JSON.stringify([stored, shown, failed, log]);
      for (const secret of secrets) expect(everything).not.toContain(secret);
      const hashes = JSON.stringify([shown, failed, log]);
      const { hashSecret } = world.server.paywall.engine;
      for (const secret of secrets) expect(hashes).not.toContain(await hashSecret(secret));
      expect(JSON.stringify(shown)).toContain('lastUsedAt":"2026-01-01T00:00:00.000Z"');
    });
  });

  it('are hashed under a secret of the server’s own, which can be given', async () => {
    const hashes: string[] = [];
    for (const keySecret of ['a secret of sixteen', 'another one of sixteen', null, null]) {
      const world = await World.open({ keySecret });
      hashes.push(await world.server.paywall.engine.hashSecret('tg_1'));
      await world.server.close();
    }
    expect(new Set(hashes).size).toBe(4);
  });

  it('that were shown can’t be shown again with another operator’s key, nor after a rotation', async () => {
    await open(async (world) => {
      const { id, secret } = await world.operator('ADMIN');
      const args = { accountId: await world.account(), idempotencyKey: 'once' };
      const first = await world.call('issueApiKey', args, secret);
      expect(await world.call('issueApiKey', args, secret)).toEqual(first);
      const other = await world.call('issueApiKey', args);
      expect(textAt(other.body, 'data', 'issueApiKey', 'secret')).not.toBe(
        textAt(first.body, 'data', 'issueApiKey', 'secret'),
      );
      const rotated = await world.do('rotateOperatorKey', { operatorId: id });
      expect((await world.call('issueApiKey', args, secret)).status).toBe(401);
      expect((await world.call('issueApiKey', args, textAt(rotated, 'secret'))).body).toMatchObject({
        errors: [{ extensions: { code: 'CONFLICT', argument: 'idempotencyKey' } }],
      });
    });
  });
});

describe('what comes from outside', () => {
  it.each(HOSTILE_STRINGS.filter(([, text]) => text.trim() !== '' && text.length <= 1_000))(
    'is text and nothing else: %s',
    async (_name, text) => {
      await open(async (world) => {
        const account = await world.account();
        for (const [mutation, args] of [
          ['suspendAccount', { accountId: text }],
          ['revokeApiKey', { keyId: text }],
          ['removeOperator', { operatorId: text }],
          ['startSubscription', { accountId: account, planId: text }],
          ['refundCharge', { accountId: account, holdId: text, reason: 'x' }],
        ] as const) {
          const { body } = await world.call(mutation, args);
          expect(body).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
        }
        await world.do('grantCredits', { accountId: account, credits: 1, reason: text });
        await world.do('issueApiKey', { accountId: account, scopes: [text], idempotencyKey: text.slice(0, 255) });
        await world.do('createPlanDraft', {
          planId: 'p',
          plan: { ...PLAN, name: text, features: [{ feature: text }] },
        });
        const data = await world.ask(
          `query ($text: String!, $id: ID!) { account(id: $id) { id } plan(id: $id) { id } auditLog(target: $text) { nodes { id } }
            ledger(accountId: "${account}") { nodes { reason } } account2: account(id: "${account}") { apiKeys { nodes { scopes } } }
            subscriptions(planId: $id) { nodes { id } } }`,
          { text, id: text },
        );
        expect(data).toMatchObject({
          account: null,
          plan: null,
          auditLog: { nodes: [] },
          ledger: { nodes: [{ reason: text }] },
          account2: { apiKeys: { nodes: [{ scopes: [text] }] } },
          subscriptions: { nodes: [] },
        });
      });
    },
  );
});

describe('keys', () => {
  it('of accounts say nothing of other accounts', async () => {
    await open(async (world) => {
      const [mine, theirs] = [await world.account(5), await world.account(7)];
      const { secret } = await world.keyOf(mine);
      const { body } = await world.server.query(
        secret,
        '{ billing { account { id } balance { available } ledger(first: 100) { nodes { credits } } } }',
      );
      expect(body).toEqual({
        data: { billing: { account: { id: mine }, balance: { available: 5 }, ledger: { nodes: [{ credits: 5 }] } } },
      });
      expect(JSON.stringify(body)).not.toContain(theirs);
    });
  });

  it('of operators are unknown to the product', async () => {
    await open(async (world) => {
      const { secret } = await world.operator('OWNER');
      for (const key of [secret, OWNER]) {
        const { status, body } = await world.server.query(key, '{ free }');
        expect(status).toBe(401);
        expect(listAt(body, 'errors').map((error) => partAt(error, 'extensions', 'reason'))).toEqual(['KEY_UNKNOWN']);
      }
    });
  });

  it('that are unknown cost the same work, however close to a known one they are', async () => {
    await open(async (world) => {
      const { secret } = await world.keyOf(await world.account());
      const near = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
      const callsOf = async (key: string) => {
        world.server.takeCalls();
        const { status, body } = await world.server.query(key, '{ free }');
        const message = partAt(body, 'errors', 0, 'message');
        return { status, message, calls: world.server.takeCalls().byVerb };
      };
      expect(await callsOf(near)).toEqual(await callsOf('tg_something-else-altogether'));
      const operatorCallsOf = async (key: string) => {
        world.server.takeCalls();
        const { status, body } = await world.server.admin(key, '{ me { id } }');
        return { status, body, calls: world.server.takeCalls().byVerb };
      };
      expect(await operatorCallsOf(near)).toEqual(await operatorCallsOf(secret));
      expect(await operatorCallsOf('x')).toEqual(await operatorCallsOf(secret));
    });
  });

  it('are noted as used in batches, and never in a request’s way', async () => {
    await open(async (world) => {
      const { secret } = await world.keyOf(await world.account());
      world.server.takeCalls();
      world.server.fail('saveKeyUses', 'UNREACHABLE', 1);
      for (let request = 0; request < 20; request += 1) await world.server.query(secret, '{ free }');
      expect(world.server.takeCalls().byVerb).not.toHaveProperty('saveKeyUses');
      const { keyUses } = world.server.paywall.engine;
      await keyUses.write();
      await world.server.query(secret, '{ free }');
      await keyUses.write();
      await keyUses.write();
      expect(world.server.takeCalls().byVerb.saveKeyUses).toBe(2);
    });
  });
});

describe('the first owner', () => {
  it('is made once and shown once, or has the key that is given', async () => {
    await open(async (world) => {
      const { engine } = world.server.paywall;
      const made = await ensureOwner(engine, null);
      expect(made).toMatch(/^tgo_[\w-]{32}$/);
      expect(await ensureOwner(engine, null)).toBeNull();
      const me = (key: string | null) => world.server.admin(key, '{ me { id role } }');
      const owner = { status: 200, body: { data: { me: { id: 'owner', role: 'OWNER' } } } };
      expect(await me(made)).toMatchObject(owner);

      expect(await ensureOwner(engine, 'given-by-the-environment')).toBeNull();
      expect(await ensureOwner(engine, 'given-by-the-environment')).toBeNull();
      expect(await me('given-by-the-environment')).toMatchObject(owner);
      expect((await me(made)).status).toBe(401);
      expect(await engine.store.findOperators()).toMatchObject([{ id: 'owner', version: 2 }]);
    });
  });
});

it('a mutation that does not say who may call it stops the build', () => {
  const schema = buildSchema('type Query { a: Int } type Mutation { drop: Int }');
  expect(() => requireRoles(schema)).toThrow('Mutation.drop does not say who may call it');
});

/**
 * Every mutation of the schema, the same questions: does it work, what is each bad input called, is it carried out once,
 * who wins, who may. A mutation without cases fails here.
 */
import { isScalarType, getNamedType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redact } from '../../../src/domain/audit.js';
import type { AuditEntry } from '../../../src/domain/audit.js';
import { listAt, partAt } from '../../support/bodies.js';
import type { Answer } from '../../support/server.js';
import { MUTATION_CASES } from './mutationCases.js';
import type { BadInput } from './mutationCases.js';
import { adminSchema, OWNER, World } from './world.js';
import type { Args } from './world.js';

const mutations = adminSchema.getMutationType()?.getFields() ?? {};

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.server.close());

const refused = (mutation: string, code: string, argument?: string) => ({
  status: 200,
  body: {
    data: { [mutation]: null },
    errors: [{ path: [mutation], extensions: argument === undefined ? { code } : { code, argument } }],
  },
});

const payloadOf = (mutation: string, { body }: Answer): unknown => partAt(body, 'data', mutation);
const codesOf = ({ body }: Answer): readonly unknown[] =>
  listAt(body, 'errors').map((error) => partAt(error, 'extensions', 'code'));

/** What the audit log has more after some work than before. */
const entriesOf = async (work: () => Promise<unknown>): Promise<readonly AuditEntry[]> => {
  const all = () => world.server.store.findAuditPage(null, { count: 100_000, after: null, isBackward: false });
  const before = new Set((await all()).map(({ id }) => id));
  await work();
  return (await all()).filter(({ id }) => !before.has(id));
};

it('every mutation of the schema has its cases, and every case its mutation', () => {
  expect(Object.keys(MUTATION_CASES).sort()).toEqual(Object.keys(mutations).sort());
});

describe.each(Object.entries(MUTATION_CASES))('%s', (mutation, cases) => {
  const argumentsOf = async (bad: BadInput): Promise<Args> => {
    const args = await cases.prepare(world);
    return { ...args, ...(typeof bad.change === 'function' ? await bad.change(world, args) : bad.change) };
  };

  it('does what it should, and says so in the audit log', async () => {
    const args = await cases.prepare(world);
    const entries = await entriesOf(async () => {
      const answer = await world.call(mutation, args);
      expect(answer).toMatchObject({ status: 200, body: { data: { [mutation]: cases.answers(args) } } });
      expect(codesOf(answer)).toEqual([]);
    });
    expect(entries).toMatchObject([
      {
        id: expect.any(String),
        at: world.clock,
        mutation,
        outcome: 'OK',
        code: null,
        target: expect.stringMatching(/^(account|plan|pack|operator)\/.+/),
        operatorId: 'demo-owner',
        role: 'OWNER',
        arguments: redact(args),
        before: cases.isNew === true ? null : expect.anything(),
        after: expect.anything(),
        from: '127.0.0.1',
      },
    ]);
  });

  it('with the same idempotencyKey again gives the same answer, and is carried out once', async () => {
    const args = { ...(await cases.prepare(world)), idempotencyKey: world.name('twice') };
    const first = await world.call(mutation, args);
    expect(codesOf(first)).toEqual([]);
    world.server.takeCalls();
    expect(await world.call(mutation, args)).toEqual(first);
    const writes = Object.keys(world.server.takeCalls().byVerb).filter((verb) => !verb.startsWith('find'));
    expect(writes).toEqual([]);
  });

  it('with the same idempotencyKey and other arguments is a CONFLICT', async () => {
    const args = { ...(await cases.prepare(world)), idempotencyKey: world.name('other') };
    await world.call(mutation, args);
    const [bad] = cases.bad;
    const other = { ...(await argumentsOf(bad)), idempotencyKey: args.idempotencyKey };
    expect(await world.call(mutation, other)).toMatchObject(refused(mutation, 'CONFLICT', 'idempotencyKey'));
  });

  it.each(cases.bad.map((bad) => [bad.name, bad] as const))('refuses %s', async (_name, bad) => {
    const args = await argumentsOf(bad);
    expect(await world.call(mutation, args)).toMatchObject(refused(mutation, bad.code, bad.argument));
  });

  it('refuses an idempotencyKey that can’t be kept', async () => {
    const args = await cases.prepare(world);
    for (const idempotencyKey of ['', 'x'.repeat(256)]) {
      const answer = await world.call(mutation, { ...args, idempotencyKey });
      expect(answer).toMatchObject(refused(mutation, 'BAD_USER_INPUT', 'idempotencyKey'));
    }
  });

  it('refuses half a surrogate pair and endless text, wherever there is text', async () => {
    const args = await cases.prepare(world);
    const texts = (mutations[mutation]?.args ?? []).filter(({ name, type }) => {
      const { name: typeName } = getNamedType(type);
      return isScalarType(getNamedType(type)) && ['String', 'ID'].includes(typeName) && name !== 'scopes';
    });
    for (const { name } of texts) {
      for (const text of ['\ud800', 'x'.repeat(1_001)]) {
        const answer = await world.call(mutation, { ...args, [name]: text });
        expect(answer).toMatchObject(refused(mutation, 'BAD_USER_INPUT', name));
      }
    }
  });

  it('leaves an entry where it is refused, and frees the idempotencyKey', async () => {
    const idempotencyKey = world.name('freed');
    const args = { ...(await argumentsOf(cases.bad[0])), idempotencyKey };
    const entries = await entriesOf(() => world.call(mutation, args));
    expect(entries).toMatchObject([{ mutation, outcome: 'REFUSED', code: cases.bad[0].code, target: null }]);
    const sound = await world.call(mutation, { ...(await cases.prepare(world)), idempotencyKey });
    expect(codesOf(sound)).toEqual([]);
  });

  it('lets one of two at the same time win, where there is something to fight for', async () => {
    const { contest } = cases;
    if (typeof contest === 'string') {
      expect(contest).toMatch(/\.$/);
      return;
    }
    const args = await cases.prepare(world);
    // As over a network: both read before either writes.
    world.server.slowDown(5);
    const answers = await Promise.all([world.call(mutation, args), world.call(mutation, contest(args))]);
    world.server.slowDown(0);
    expect(answers.map(codesOf).sort()).toEqual([[], ['CONFLICT']]);
    expect(answers.filter((answer) => payloadOf(mutation, answer) !== null)).toHaveLength(1);
  });

  it('is not for operators who may less, who leave an entry', async () => {
    const args = await cases.prepare(world);
    const isForOwners = ['createOperator', 'rotateOperatorKey', 'removeOperator'].includes(mutation);
    for (const role of isForOwners ? ['SUPPORT', 'ADMIN'] : ['SUPPORT']) {
      const { secret, id } = await world.operator(role);
      const entries = await entriesOf(async () => {
        expect(await world.call(mutation, args, secret)).toMatchObject(refused(mutation, 'FORBIDDEN'));
      });
      expect(entries).toMatchObject([{ mutation, outcome: 'REFUSED', code: 'FORBIDDEN', role, operatorId: id }]);
    }
    const may = await world.operator(isForOwners ? 'OWNER' : 'ADMIN');
    const answer = await world.call(mutation, args, may.secret);
    expect(codesOf(answer).filter((code) => code === 'FORBIDDEN')).toEqual([]);
  });

  it('is not for accounts, nor for anybody without a key', async () => {
    const args = await cases.prepare(world);
    const { secret } = await world.keyOf(await world.account(100));
    for (const key of [secret, null, 'tgo_unknown', OWNER.toUpperCase()]) {
      const answer = await world.call(mutation, args, key);
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
      });
      expect(answer.body).not.toHaveProperty('data');
    }
  });
});

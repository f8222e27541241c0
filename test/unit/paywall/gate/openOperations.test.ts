import { parse } from 'graphql';
import { afterEach, expect, it } from 'vitest';
import type { Caller } from '../../../../src/accounts/caller.js';
import type { OperationRequest } from '../../../../src/paywall/opening.js';
import { openStore } from '../../../../src/store/openStore.js';
import { troubledStore } from '../../ledger/troubledStore.js';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

const SCHEMA = schemaOf(
  `scalar Any
   type Query {
     air: String
     secret(of: Any): String @requiresPayment(cost: 1)
     pages(first: Int!): [String] @requiresPayment(cost: 1, multipliers: ["first"])
   }`,
  { Query: { secret: () => 'told', pages: () => [] } },
);
const PAID = parse('{ secret }');
const circular: Record<string, unknown> = {};
circular['itself'] = circular;

let ready: ReadyPaywall;
afterEach(() => ready.close());

const idempotencyKey = 'a key of a client';

type Asked = Partial<OperationRequest> & Pick<OperationRequest, 'document'>;

/** Opens with a context value of its own; settles nothing. */
const openWith = (caller: Caller, contextValue: object, asked: Asked) =>
  ready.paywall.open({ caller, contextValue, ...asked });

const useKey = async (caller: Caller): Promise<void> => {
  const answered = await ready.paywall.execute({
    document: '{ secret }',
    idempotencyKey,
    contextValue: { tollgate: { caller } },
  });
  expect(answered.data).toEqual({ secret: 'told' });
};

it.each<[what: string, credits: number, asked: Asked, kind: string]>([
  ['is free', 9, { document: parse('{ air }') }, 'free'],
  ['has no sound price', 9, { document: parse('{ pages(first: -1) }') }, 'invalid'],
  ['is refused whole', 0, { document: PAID }, 'refused'],
  ['has the key of another operation', 9, { document: parse('{ s: secret }'), idempotencyKey }, 'invalid'],
])('the context value of an operation that %s can be given to the next one', async (_, credits, asked, kind) => {
  ready = await readyPaywall(SCHEMA);
  const [caller, rich] = [await ready.callerWith(credits), await ready.callerWith(9)];
  if (asked.idempotencyKey !== undefined) await useKey(caller);
  const contextValue = {};
  expect(await openWith(caller, contextValue, asked)).toMatchObject({ kind });
  expect(await openWith(rich, contextValue, { document: PAID })).toMatchObject({ kind: 'open' });
});

it('the context value of an operation that can’t be opened for a bug can be given to the next one', async () => {
  const troubled = troubledStore(await openStore('sqlite::memory:'));
  ready = await readyPaywall(SCHEMA, { store: troubled.store });
  const caller = await ready.callerWith(9);
  const contextValue = {};
  troubled.whenever('findWallets', () => {
    throw new TypeError('A bug of the adapter.');
  });
  await expect(openWith(caller, contextValue, { document: PAID })).rejects.toThrow('A bug of the adapter.');
  troubled.whenever('findWallets', () => null);
  const document = parse('query ($of: Any) { secret(of: $of) }');
  const unheard = openWith(caller, contextValue, {
    document,
    variables: { of: circular },
    idempotencyKey: 'a second key',
  });
  await expect(unheard).rejects.toThrow('circular');
  expect(await openWith(await ready.callerWith(9), contextValue, { document: PAID })).toMatchObject({ kind: 'open' });
});

it('a bug of the store is not taken for a store that is away', async () => {
  const troubled = troubledStore(await openStore('sqlite::memory:'));
  ready = await readyPaywall(SCHEMA, { store: troubled.store });
  const caller = await ready.callerWith(9);
  troubled.whenever('findAccounts', () => {
    throw new TypeError('A bug of the adapter.');
  });
  await expect(ready.run(caller, '{ air secret }')).rejects.toThrow('A bug of the adapter.');
});

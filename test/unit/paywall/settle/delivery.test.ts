/** An answer is withheld for what nobody drew, and for nothing else: what the resolvers delivered is always sent. */
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'graphql';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let opened: ReadyPaywall[] = [];
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

const schema = schemaOf(
  `union Either = Paid | Free | Deep
   type Paid { secret: Int @requiresPayment(cost: 1) box: Paid }
   type Free { open: Int bag: Free }
   type Deep { other: Int @requiresPayment(cost: 2) }
   interface Priced { price: Int }
   type Cheap implements Priced { price: Int @requiresPayment(cost: 1) }
   type Dear implements Priced { price: Int @requiresPayment(cost: 2) }
   type Query { either(is: String!): Either priced: [Priced] list: [[Paid]] paid: Int @requiresPayment(cost: 1) }`,
  {
    Query: {
      either: (_source: unknown, { is }: { is: string }) => ({ __typename: is, box: {}, bag: {} }),
      priced: () => [{ __typename: 'Cheap' }, { __typename: 'Dear' }],
      list: () => [[{}]],
      paid: () => 1,
    },
    Paid: { secret: () => 1 },
    Free: { open: () => 2 },
    Deep: { other: () => 3 },
    Cheap: { price: () => 4 },
    Dear: { price: () => 5 },
  },
);

const ready = async (): Promise<ReadyPaywall> => {
  const paywall = await readyPaywall(schema);
  opened.push(paywall);
  return paywall;
};

describe('what the resolvers delivered', () => {
  it.each([
    ['Free', '... on Paid { it: secret } ... on Free { it: open }', { it: 2 }, 0],
    ['Paid', '... on Paid { it: secret } ... on Free { it: open }', { it: 1 }, 1],
    ['Deep', '... on Paid { it: secret } ... on Free { it: open } ... on Deep { it: other }', { it: 3 }, 2],
    ['Free', '... on Paid { in: box { it: secret } } ... on Free { in: bag { it: open } }', { in: { it: 2 } }, 0],
    ['Paid', '... on Paid { in: box { it: secret } } ... on Free { in: bag { it: open } }', { in: { it: 1 } }, 1],
  ])('of type %s is sent and charged: %s', async (is, selection, either, charged) => {
    const { run, callerWith } = await ready();
    const result = await run(await callerWith(9), `{ either(is: "${is}") { ${selection} } }`);
    expect(result).toEqual({ data: { either }, extensions: { payment: expect.objectContaining({ charged }) } });
  });
});

describe('what comes from elsewhere', () => {
  /** Opens an operation, and settles it for an answer that no resolver had a part in. */
  const settle = async (document: string, data: unknown): Promise<unknown> => {
    const { paywall, callerWith, walletOf } = await ready();
    const caller = await callerWith(50);
    const opening = await paywall.open({ document: parse(document), caller, contextValue: { tollgate: { caller } } });
    if (opening.kind !== 'open') throw new Error('It was not let through.');
    const settled = await opening.settle({ data });
    await expect.poll(() => walletOf(caller)).toEqual({ available: 50, held: 0, holds: 0 });
    return settled;
  };

  it.each([
    ['at the root', '{ paid }', { paid: 1 }, 'Query.paid'],
    ['in lists', '{ list { secret } }', { list: [null, [{ secret: null }, { secret: 1 }]] }, 'Paid.secret'],
    ['where every type is paid', '{ priced { price } }', { priced: [{ price: 4 }] }, 'Cheap.price'],
    ['that is false, or nothing much', '{ paid }', { paid: 0 }, 'Query.paid'],
  ])('is not sent: %s', async (_where, document, data, coordinate) => {
    expect(await settle(document, data)).toMatchObject({ extensions: { code: 'UNPAID_VALUE', coordinate } });
  });

  it.each([
    ['null', '{ paid }', { paid: null }],
    ['no data', '{ paid }', null],
    ['lists without a paid value', '{ list { secret } }', { list: [[{ secret: null }], []] }],
  ])('costs nothing where it is %s', async (_what, document, data) => {
    expect(await settle(document, data)).toEqual({ charged: 0, balance: 50, fields: [] });
  });
});

/** What is charged in the end, and what is not. */
import { afterEach, describe, expect, it } from 'vitest';
import { payment } from '../../../../src/paywall/gate/payment.js';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let opened: ReadyPaywall[] = [];
const ready: typeof readyPaywall = async (...args) => {
  const paywall = await readyPaywall(...args);
  opened.push(paywall);
  return paywall;
};
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

const fail = (): never => {
  throw new Error('It broke.');
};

const schema = schemaOf(
  `type Query {
     empty: [Thing] @requiresPayment(cost: 10)
     nulls: [Thing] @requiresPayment(cost: 3)
     blank: Thing @requiresPayment(cost: 5)
     broken: Thing @requiresPayment(cost: 5)
     half: Thing @requiresPayment(cost: 5)
     searched: [Thing] @requiresPayment(cost: 7, chargeEmpty: true)
     searchedNull: [Thing] @requiresPayment(cost: 7, chargeEmpty: true)
     searchedBroken: [Thing] @requiresPayment(cost: 7, chargeEmpty: true)
     reported: Thing @requiresPayment(cost: 5)
   }
   type Thing { name: String strict: String! other: String dear: String @requiresPayment(cost: 50) }`,
  {
    Query: {
      empty: () => [],
      nulls: () => [null, null, new Error('It broke.')],
      blank: () => ({ name: null, other: null }),
      broken: () => ({ name: fail, other: fail }),
      half: () => ({ name: 'here', other: fail }),
      searched: () => [],
      searchedNull: () => null,
      searchedBroken: () => [null, new Error('It broke.')],
      reported: (_root, _args, _context, info) => {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- the old name goes on working
        payment.settle(info, 0);
        return { name: 'here' };
      },
    },
  },
);

describe('nothing is charged for', () => {
  it.each([
    ['an empty list', '{ empty { name } }'],
    ['a list of nulls and errors', '{ nulls { name } }'],
    ['an object whose fields are all null', '{ blank { name other } }'],
    ['an object whose fields have all failed', '{ broken { name other } }'],
    ['an object of which only the type came', '{ blank { __typename name kind: __typename } }'],
    ['an object of which all that came is refused', '{ half { dear } }'],
    ['a value that an error has made null', '{ half { name strict } }'],
    ['a search that found null', '{ searchedNull { name } }'],
    ['a search that failed in part', '{ searchedBroken { name } }'],
    ['what reports that it used nothing', '{ reported { name } }'],
  ])('%s', async (_what, document) => {
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(20);
    expect(await run(caller, document)).toMatchObject({ extensions: { payment: { charged: 0, balance: 20 } } });
    expect(await walletOf(caller)).toEqual({ available: 20, held: 0, holds: 0 });
  });
});

describe('charged is', () => {
  it.each([
    ['an object of which something came', '{ half { name other } }', 5],
    ['an object of which its type is all that is asked for', '{ blank { __typename } }', 5],
    ['a search that found nothing, where it says so', '{ searched { name } }', 7],
  ])('%s', async (_what, document, charged) => {
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(20);
    expect(await run(caller, document)).toMatchObject({
      extensions: { payment: { charged, balance: 20 - charged, fields: [{ positions: 1, credits: charged }] } },
    });
    expect(await walletOf(caller)).toEqual({ available: 20 - charged, held: 0, holds: 0 });
  });
});

/** What holds of every answer, whatever was asked and whoever asked it. */
import type { SelectionSetNode } from 'graphql';
import { expect } from 'vitest';
import type { GeneratedOperation } from './generatedOperation.js';
import { ROOT } from './generatedWorld.js';
import type { Thing, Value, World } from './generatedWorld.js';
import { isDelivered, isThing, partOf } from './deliveredIn.js';
import { beneath, OperationReader } from './operationReader.js';
import type { Account } from './plainTollgate.js';
import type { Body, Outcome } from './tollgateUnderTest.js';

export const expectSound = (
  world: World,
  account: Account,
  { document, variables }: GeneratedOperation,
  outcome: Outcome,
): void => {
  const { body, available, held, holds, sum, heldMost } = outcome;
  const charged = chargedIn(body);
  expect({ held, holds, sum }).toEqual({ held: 0, holds: 0, sum: available });
  expect(available).toBe(account.credits - charged);
  expect(available).toBeGreaterThanOrEqual(0);
  expect(charged).toBeLessThanOrEqual(heldMost);
  expectStatus(outcome);
  expectSaid(body);
  expectQuoted(world, outcome);
  if (body.data == null) expect({ charged, used: outcome.used }).toEqual({ charged: 0, used: {} });
  else expect(paidFieldsOf(body)).toEqual(paidValuesIn(new OperationReader(world, document, variables), body));
};

/** Whatever is missing, Tollgate says why, or the data or the resolver do. */
const expectSaid = ({ errors = [] }: Body): void => {
  for (const { message, extensions } of errors) {
    if (extensions?.code === undefined)
      expect(message).toMatch(/^(It broke|Cannot return null for non-nullable field)/);
  }
};

/** What is quoted is what it comes to: it runs if it was said to, and costs no more, lists beyond the quote aside. */
const expectQuoted = ({ traits }: World, { quote, body }: Outcome): void => {
  const reasons = (body.errors ?? []).map(({ extensions }) => extensions);
  const isTooLarge = body.data === undefined && reasons[0]?.code === 'BAD_USER_INPUT';
  expect(quote === null).toBe(isTooLarge);
  if (quote === null) return;
  expect(quote.isServed).toBe(body.data !== undefined);
  const refused = reasons.filter((each) => each?.reason !== undefined).map((each) => [each?.reason, each?.coordinate]);
  if (!quote.isServed) expect(refused).toEqual(quote.refusals.map(({ reason, coordinate }) => [reason, coordinate]));
  else if (quote.refusals.length === 0 && !traits.isLonger) {
    expect(refused).toEqual([]);
    expect(chargedIn(body)).toBeLessThanOrEqual(quote.credits);
  }
};

const chargedIn = ({ extensions }: Body): number => extensions?.payment?.charged ?? 0;

/** 402 where there is no `data` for lack of payment, and only there; `data` only ever comes with 200. */
const expectStatus = ({ status, body }: Outcome): void => {
  const isUnpaid =
    body.data === undefined && body.errors?.some(({ extensions }) => extensions?.code === 'PAYMENT_REQUIRED');
  if (status === null) return;
  expect(status === 402).toBe(isUnpaid);
  if (body.data != null) expect(status).toBe(200);
  if (body.data === undefined) expect(status).toBeGreaterThanOrEqual(400);
};

/** How many positions of each coordinate Tollgate says that it delivered. */
const paidFieldsOf = ({ extensions }: Body): Readonly<Record<string, number>> =>
  Object.fromEntries((extensions?.payment?.fields ?? []).map(({ coordinate, positions }) => [coordinate, positions]));

/** At how many positions of paid fields something came, by coordinate: those are delivered, whoever says what. */
const paidValuesIn = (reader: OperationReader, { data, errors = [] }: Body): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  type Path = readonly (string | number)[];
  const visit = (value: Value, sets: readonly SelectionSetNode[], answer: unknown, path: Path): void => {
    if (Array.isArray(value))
      value.forEach((item: Value, index) => visit(item, sets, partOf(answer, index), [...path, index]));
    else if (isThing(value) && answer != null) visitThing(value, sets, answer, path);
  };
  const visitThing = (thing: Thing, sets: readonly SelectionSetNode[], answer: unknown, path: Path): void => {
    for (const [key, nodes] of reader.collect(thing.type, sets)) {
      const [field, part] = [reader.fieldOf(thing.type, nodes), partOf(answer, key)];
      if (field === null || part == null) continue;
      const coordinate = `${thing.type}.${field.name}`;
      const at = [...path, key];
      const isPaid = field.price !== null && isDelivered(reader, { thing, field, nodes, path: at }, part, errors);
      if (isPaid) counts[coordinate] = (counts[coordinate] ?? 0) + 1;
      visit(reader.valueOf(thing, field, nodes), beneath(nodes), part, at);
    }
  };
  visitThing({ ...ROOT, type: reader.root }, reader.sets, data, []);
  return counts;
};

/** What holds of every answer, whatever was asked and whoever asked it. */
import type { SelectionSetNode } from 'graphql';
import { expect } from 'vitest';
import type { GeneratedOperation } from './generatedOperation.js';
import { ROOT } from './generatedWorld.js';
import type { Thing, Value, World } from './generatedWorld.js';
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
  const charged = body.extensions?.payment?.charged ?? 0;
  expect({ held, holds, sum }).toEqual({ held: 0, holds: 0, sum: available });
  expect(available).toBe(account.credits - charged);
  expect(available).toBeGreaterThanOrEqual(0);
  expect(charged).toBeLessThanOrEqual(heldMost);
  expectStatus(outcome);
  if (body.data == null) expect({ charged, used: outcome.used }).toEqual({ charged: 0, used: {} });
  else
    expect(paidFieldsOf(body)).toEqual(paidValuesIn(world, new OperationReader(world, document, variables), body.data));
};

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

/** How many values of paid fields an answer has, by coordinate: those are delivered, whoever says what. */
const paidValuesIn = (world: World, reader: OperationReader, data: unknown): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  const visit = (value: Value, sets: readonly SelectionSetNode[], answer: unknown): void => {
    if (Array.isArray(value)) value.forEach((item: Value, index) => visit(item, sets, partOf(answer, index)));
    else if (isThing(value) && answer != null) visitThing(value, sets, answer);
  };
  const visitThing = (thing: Thing, sets: readonly SelectionSetNode[], answer: unknown): void => {
    for (const [key, nodes] of reader.collect(thing.type, sets)) {
      const [field, part] = [reader.fieldOf(thing.type, nodes), partOf(answer, key)];
      if (field === null || part == null) continue;
      const coordinate = `${thing.type}.${field.name}`;
      if (field.price !== null) counts[coordinate] = (counts[coordinate] ?? 0) + 1;
      visit(world.valueOf(thing, field, reader.firstOf(field, nodes)), beneath(nodes), part);
    }
  };
  visitThing({ ...ROOT, type: reader.root }, reader.sets, data);
  return counts;
};

const isThing = (value: Value): value is Thing => typeof value === 'object' && value !== null && 'type' in value;

const partOf = (answer: unknown, key: string | number): unknown =>
  typeof answer === 'object' && answer !== null ? (Reflect.get(answer, key) as unknown) : undefined;

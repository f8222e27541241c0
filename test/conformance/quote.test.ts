/** `billing.quote` says beforehand what the matrix says afterwards: the same price, or refusals for the same reasons. */
import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, partAt } from '../support/bodies.js';
import { COLUMNS } from './row.js';
import type { Cell, Column } from './row.js';
import { ROWS } from './rows.js';
import { runRow } from './runRow.js';
import type { RunningRow } from './runRow.js';

const LENGTH = 'How long the list is its resolver alone knows: it is quoted with the length that it is held for.';
const TYPE = 'Which type resolves its resolver alone knows: the dearest is quoted.';
const NULLS = 'Where an item is null there is no position, which its resolver alone knows.';
const FAILS = 'That a resolver fails, and is not charged for, is known only when it has run.';
const EMPTY = 'Whether anything comes of an object is known when it has come.';

interface Unforeseeable {
  readonly why: string;
  readonly columns: Readonly<
    Partial<Record<Column, { readonly credits: number; readonly reasons: readonly string[] }>>
  >;
}

const fails: Unforeseeable = {
  why: FAILS,
  columns: {
    paid: { credits: 3, reasons: [] },
    'refused in part': { credits: 2, reasons: ['INSUFFICIENT_FUNDS'] },
  },
};

/** What no quote can know, why, and what it says. Everywhere else it is exact. */
const UNFORESEEABLE: Readonly<Record<string, Unforeseeable>> = {
  'list of lists': { why: LENGTH, columns: { paid: { credits: 10, reasons: ['INSUFFICIENT_FUNDS'] } } },
  'list longer than quoted': {
    why: LENGTH,
    columns: { paid: { credits: 2, reasons: [] }, 'refused in part': { credits: 2, reasons: [] } },
  },
  'null item': { why: NULLS, columns: { paid: { credits: 6, reasons: [] } } },
  interface: { why: TYPE, columns: { paid: { credits: 4, reasons: [] } } },
  union: { why: TYPE, columns: { paid: { credits: 20, reasons: [] } } },
  'nested paid in paid': {
    why: EMPTY,
    columns: { 'refused in part': { credits: 3, reasons: ['INSUFFICIENT_FUNDS'] } },
  },
  'resolver throwing': fails,
  'resolver rejecting': fails,
  'resolver returning an Error': fails,
};

const reasonsOf = (errors: readonly unknown[]): readonly unknown[] =>
  [...new Set(errors.map((error) => partAt(error, 'extensions', 'reason')))].filter((reason) => reason !== undefined);

/** What the operation itself comes to, in the terms of a quote. */
const outcomeOf = (name: string, column: Column, { errors = [], payment, data }: Cell) => ({
  credits: partAt(payment, 'charged') ?? 0,
  reasons: reasonsOf(errors),
  isServed: data !== undefined,
  ...UNFORESEEABLE[name]?.columns[column],
});

describe.each(ROWS)('$name is quoted', (row) => {
  let running: RunningRow;
  beforeAll(async () => {
    running = await runRow(row);
  });
  afterAll(() => running.close());

  for (const column of COLUMNS) {
    const cell = row.cells[column];
    if ('pointless' in cell) continue;
    it(`as it is charged or refused: ${column}`, async () => {
      const { body, ledger, held, ran, calls } = await running.quote(cell);
      expect({ ledger, held, ran }).toEqual({ ledger: [], held: 0, ran: [] });
      expect(Object.keys(calls).filter((verb) => !verb.startsWith('find'))).toEqual([]);
      if (cell.status === 400) {
        expect(body).toBeInstanceOf(GraphQLError);
        return;
      }
      const refusals = listAt(body, 'refusals').map((each) => partAt(each, 'reason'));
      expect({
        credits: partAt(body, 'credits'),
        reasons: [...new Set(refusals)],
        isServed: partAt(body, 'isServed'),
      }).toEqual(outcomeOf(row.name, column, cell));
    });
  }
});

it('what can’t be foreseen is in the matrix, each with its reason', () => {
  const names = ROWS.map(({ name }) => name);
  expect(Object.keys(UNFORESEEABLE).filter((name) => !names.includes(name))).toEqual([]);
});

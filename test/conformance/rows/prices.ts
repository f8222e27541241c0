/** Where a schema has its prices from. */
import { at, payment, poor } from '../expected.js';
import { HOLD, READS } from '../row.js';
import type { Row } from '../row.js';
import { codeFirst, renamed } from '../schemas.js';

export const prices: readonly Row[] = [
  {
    name: 'renamed directive',
    shows: 'The directive can have another name.',
    operation: '{ gold silver }',
    schema: renamed,
    options: { directiveName: 'price' },
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { gold: 'Au', silver: 'Ag' },
        payment: payment(0, 0, ['Query.gold', 1, 0, 'all'], ['Query.silver', 1, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { gold: 'Au', silver: 'Ag' },
        payment: payment(3, 7, ['Query.gold', 1, 2], ['Query.silver', 1, 1]),
        ledger: ['-2 Query.gold → 8', '-1 Query.silver → 7'],
        calls: HOLD,
        ran: ['gold'],
      },
      'refused in part': {
        has: 2,
        status: 200,
        data: { gold: 'Au', silver: null },
        errors: [poor('Query.silver', 1, 0, at(8, 'silver'))],
        payment: payment(2, 0, ['Query.gold', 1, 2]),
        ledger: ['-2 Query.gold → 0'],
        calls: HOLD,
        ran: ['gold'],
      },
      'refused whole': {
        has: 0,
        status: 402,
        errors: [poor('Query.gold', 2, 0, at(3, 'gold')), poor('Query.silver', 1, 0, at(8, 'silver'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
  {
    name: 'code-first',
    shows: 'Prices in `extensions.directives` count like those of directives.',
    operation: '{ gold silver depth }',
    schema: codeFirst,
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { gold: 'Au', silver: 'Ag', depth: 7 },
        payment: payment(0, 0, ['Query.gold', 1, 0, 'all'], ['Query.silver', 1, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { gold: 'Au', silver: 'Ag', depth: 7 },
        payment: payment(3, 7, ['Query.gold', 1, 2], ['Query.silver', 1, 1]),
        ledger: ['-2 Query.gold → 8', '-1 Query.silver → 7'],
        calls: HOLD,
        ran: ['gold'],
      },
      'refused in part': {
        has: 2,
        status: 200,
        data: { gold: 'Au', silver: null, depth: 7 },
        errors: [poor('Query.silver', 1, 0, at(8, 'silver'))],
        payment: payment(2, 0, ['Query.gold', 1, 2]),
        ledger: ['-2 Query.gold → 0'],
        calls: HOLD,
        ran: ['gold'],
      },
      'refused whole': {
        has: 0,
        operation: '{ gold silver }',
        status: 402,
        errors: [poor('Query.gold', 2, 0, at(3, 'gold')), poor('Query.silver', 1, 0, at(8, 'silver'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
];

/** Lists. */
import { at, payment, poor } from '../expected.js';
import { EXTENDED_HOLD, HOLD, READS } from '../row.js';
import type { Row } from '../row.js';
import { grid, veins } from '../schemas.js';

export const lists: readonly Row[] = [
  {
    name: 'list',
    shows: 'A paid field in a list is charged per item; items beyond the balance are refused one by one.',
    operation: '{ veins { name gold } }',
    schema: veins('@listSize(assumedSize: 3)'),
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: {
          veins: [
            { name: 'first', gold: 'Au' },
            { name: 'second', gold: 'Au' },
            { name: 'third', gold: 'Au' },
          ],
        },
        payment: payment(0, 0, ['Vein.gold', 3, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold', 'gold', 'gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: {
          veins: [
            { name: 'first', gold: 'Au' },
            { name: 'second', gold: 'Au' },
            { name: 'third', gold: 'Au' },
          ],
        },
        payment: payment(6, 4, ['Vein.gold', 3, 6]),
        ledger: ['-6 Vein.gold → 4'],
        calls: HOLD,
        ran: ['gold', 'gold', 'gold'],
      },
      'refused in part': {
        has: 5,
        status: 200,
        data: {
          veins: [
            { name: 'first', gold: 'Au' },
            { name: 'second', gold: 'Au' },
            { name: 'third', gold: null },
          ],
        },
        errors: [poor('Vein.gold', 2, 1, at(16, 'veins', 2, 'gold'))],
        payment: payment(4, 1, ['Vein.gold', 2, 4]),
        ledger: ['-4 Vein.gold → 1'],
        calls: HOLD,
        ran: ['gold', 'gold'],
      },
      'refused whole': {
        pointless: 'The list itself is free: at worst all of its items are refused, and the rest is served.',
      },
    },
  },
  {
    name: 'list of lists',
    shows: 'In lists of lists each item is a position.',
    operation: '{ grid { gold } }',
    schema: grid,
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: {
          grid: [
            [{ gold: 'Au' }, { gold: 'Au' }],
            [{ gold: 'Au' }, { gold: 'Au' }],
          ],
        },
        payment: payment(0, 0, ['Vein.gold', 4, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold', 'gold', 'gold', 'gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: {
          grid: [
            [{ gold: 'Au' }, { gold: 'Au' }],
            [{ gold: 'Au' }, { gold: 'Au' }],
          ],
        },
        payment: payment(8, 2, ['Vein.gold', 4, 8]),
        ledger: ['-8 Vein.gold → 2'],
        calls: HOLD,
        ran: ['gold', 'gold', 'gold', 'gold'],
      },
      'refused in part': {
        has: 5,
        status: 200,
        data: {
          grid: [
            [{ gold: 'Au' }, { gold: 'Au' }],
            [{ gold: null }, { gold: null }],
          ],
        },
        errors: [
          poor('Vein.gold', 2, 1, at(10, 'grid', 1, 0, 'gold')),
          poor('Vein.gold', 2, 1, at(10, 'grid', 1, 1, 'gold')),
        ],
        payment: payment(4, 1, ['Vein.gold', 2, 4]),
        ledger: ['-4 Vein.gold → 1'],
        calls: HOLD,
        ran: ['gold', 'gold'],
      },
      'refused whole': {
        pointless: 'The list itself is free: at worst all of its items are refused, and the rest is served.',
      },
    },
  },
  {
    name: 'list longer than quoted',
    shows: 'Items beyond the quote are held for in one further write, or refused one by one.',
    operation: '{ veins(first: 1) { gold } }',
    schema: veins('@listSize(slicingArguments: ["first"])'),
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { veins: [{ gold: 'Au' }, { gold: 'Au' }, { gold: 'Au' }] },
        payment: payment(0, 0, ['Vein.gold', 3, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold', 'gold', 'gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { veins: [{ gold: 'Au' }, { gold: 'Au' }, { gold: 'Au' }] },
        payment: payment(6, 4, ['Vein.gold', 3, 6]),
        ledger: ['-2 Vein.gold → 8', '-4 Vein.gold → 4'],
        calls: EXTENDED_HOLD,
        ran: ['gold', 'gold', 'gold'],
      },
      'refused in part': {
        has: 5,
        status: 200,
        data: { veins: [{ gold: 'Au' }, { gold: 'Au' }, { gold: null }] },
        errors: [poor('Vein.gold', 2, 1, at(21, 'veins', 2, 'gold'))],
        payment: payment(4, 1, ['Vein.gold', 2, 4]),
        ledger: ['-2 Vein.gold → 3', '-2 Vein.gold → 1'],
        calls: EXTENDED_HOLD,
        ran: ['gold', 'gold'],
      },
      'refused whole': {
        pointless: 'The list itself is free: at worst all of its items are refused, and the rest is served.',
      },
    },
  },
  {
    name: 'null item',
    shows: 'Where an item is null there is no position.',
    operation: '{ veins { gold } }',
    schema: veins('@listSize(assumedSize: 3)', [{}, null, {}]),
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { veins: [{ gold: 'Au' }, null, { gold: 'Au' }] },
        payment: payment(0, 0, ['Vein.gold', 2, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['gold', 'gold'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { veins: [{ gold: 'Au' }, null, { gold: 'Au' }] },
        payment: payment(4, 6, ['Vein.gold', 2, 4]),
        ledger: ['-4 Vein.gold → 6'],
        calls: HOLD,
        ran: ['gold', 'gold'],
      },
      'refused in part': {
        has: 3,
        status: 200,
        data: { veins: [{ gold: 'Au' }, null, { gold: null }] },
        errors: [poor('Vein.gold', 2, 1, at(11, 'veins', 2, 'gold'))],
        payment: payment(2, 1, ['Vein.gold', 1, 2]),
        ledger: ['-2 Vein.gold → 1'],
        calls: HOLD,
        ran: ['gold'],
      },
      'refused whole': {
        pointless: 'The list itself is free: at worst all of its items are refused, and the rest is served.',
      },
    },
  },
];

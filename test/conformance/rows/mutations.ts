/** Mutations. */
import { at, payment, poor } from '../expected.js';
import { HOLD, READS } from '../row.js';
import type { Row } from '../row.js';
import { digging } from '../schemas.js';

export const mutations: readonly Row[] = [
  {
    name: 'mutation, serial',
    shows: 'The fields of a mutation run one after the other, each charged.',
    operation: 'mutation { a: dig(for: "gold") b: dig(for: "iron") }',
    schema: digging,
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { a: 'gold', b: 'iron' },
        payment: payment(0, 0, ['Mutation.dig', 2, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['dig begins: gold', 'dig ends: gold', 'dig begins: iron', 'dig ends: iron'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { a: 'gold', b: 'iron' },
        payment: payment(4, 6, ['Mutation.dig', 2, 4]),
        ledger: ['-4 Mutation.dig → 6'],
        calls: HOLD,
        ran: ['dig begins: gold', 'dig ends: gold', 'dig begins: iron', 'dig ends: iron'],
      },
      'refused in part': { pointless: 'A mutation is all or nothing: see the next row.' },
      'refused whole': {
        has: 0,
        status: 402,
        errors: [poor('Mutation.dig', 2, 0, at(12, 'a')), poor('Mutation.dig', 2, 0, at(32, 'b'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
  {
    name: 'mutation with a refused sibling',
    shows: 'If any paid field of a mutation is refused none of its resolvers runs.',
    operation: 'mutation { write(text: "diary") a: dig(for: "gold") b: dig(for: "iron") }',
    schema: digging,
    cells: {
      covered: {
        has: 'PLAN',
        status: 200,
        data: { write: 'diary', a: 'gold', b: 'iron' },
        payment: payment(0, 0, ['Mutation.dig', 2, 0, 'all']),
        ledger: [],
        calls: READS,
        ran: ['write: diary', 'dig begins: gold', 'dig ends: gold', 'dig begins: iron', 'dig ends: iron'],
      },
      paid: {
        has: 10,
        status: 200,
        data: { write: 'diary', a: 'gold', b: 'iron' },
        payment: payment(4, 6, ['Mutation.dig', 2, 4]),
        ledger: ['-4 Mutation.dig → 6'],
        calls: HOLD,
        ran: ['write: diary', 'dig begins: gold', 'dig ends: gold', 'dig begins: iron', 'dig ends: iron'],
      },
      'refused in part': {
        has: 2,
        status: 402,
        errors: [poor('Mutation.dig', 2, 0, at(53, 'b'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
      'refused whole': {
        has: 0,
        status: 402,
        errors: [poor('Mutation.dig', 2, 0, at(33, 'a')), poor('Mutation.dig', 2, 0, at(53, 'b'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
];

/** What is free whatever stands beside it. */
import { at, payment, poor } from '../expected.js';
import { KEY_ONLY, READS } from '../row.js';
import type { Row } from '../row.js';
import { metals } from '../schemas.js';

export const freeFields: readonly Row[] = [
  {
    name: 'introspection',
    shows: 'Introspection is free and never refused.',
    operation: '{ __schema { queryType { name } } __type(name: "Query") { name } }',
    schema: metals(),
    cells: {
      covered: { pointless: 'It is free: there is nothing to cover.' },
      paid: {
        has: 10,
        status: 200,
        data: { __schema: { queryType: { name: 'Query' } }, __type: { name: 'Query' } },
        ledger: [],
        calls: KEY_ONLY,
        ran: [],
      },
      'refused in part': {
        has: 0,
        operation: '{ __type(name: "Query") { name } air gold }',
        status: 200,
        data: { __type: { name: 'Query' }, air: 'O2', gold: null },
        errors: [poor('Query.gold', 2, 0, at(38, 'gold'))],
        payment: payment(0, 0),
        ledger: [],
        calls: READS,
        ran: [],
      },
      'refused whole': {
        has: 0,
        operation: '{ __type(name: "Query") { name } gold }',
        status: 402,
        errors: [poor('Query.gold', 2, 0, at(34, 'gold'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
  {
    name: '__typename only',
    shows:
      '`__typename` is free and never refused, and is no reason to serve an operation all of whose fields are refused.',
    operation: '{ __typename }',
    schema: metals(),
    cells: {
      covered: { pointless: 'It is free: there is nothing to cover.' },
      paid: { has: 10, status: 200, data: { __typename: 'Query' }, ledger: [], calls: KEY_ONLY, ran: [] },
      'refused in part': {
        has: 0,
        operation: '{ __typename gold air }',
        status: 200,
        data: { __typename: 'Query', gold: null, air: 'O2' },
        errors: [poor('Query.gold', 2, 0, at(14, 'gold'))],
        payment: payment(0, 0),
        ledger: [],
        calls: READS,
        ran: [],
      },
      'refused whole': {
        has: 0,
        operation: '{ __typename gold }',
        status: 402,
        errors: [poor('Query.gold', 2, 0, at(14, 'gold'))],
        ledger: [],
        calls: READS,
        ran: [],
      },
    },
  },
];

const cells = (part, whole = {}, covered = {}, paid = {}) => ({
  covered: { has: 'PLAN', ...covered },
  paid: { has: 10, ...paid },
  'refused in part': typeof part === 'number' ? { has: part } : part,
  'refused whole': whole.pointless ? whole : { has: 0, ...whole },
});
const BASE = `metals()`;
const FREE_LIST = {
  pointless: 'The list itself is free: at worst all of its items are refused, and the rest is served.',
};
const conditions = (directive, value) => {
  const goes = (directive === 'skip') !== value;
  const what = goes ? 'leaves the field in' : 'takes the field out: it is not priced';
  const has = goes ? 2 : { has: 0, operation: null };
  const lit = `{ gold @${directive}(if: ${value}) silver }`;
  const litAir = `{ gold @${directive}(if: ${value}) silver air }`;
  const vr = `query ($if: Boolean!) { gold @${directive}(if: $if) silver }`;
  const vrAir = `query ($if: Boolean!) { gold @${directive}(if: $if) silver air }`;
  const mk = (name, op, opAir, variables) => ({
    name,
    shows: `\`@${directive}(if: ${variables ? '$if' : value})\`${variables ? `, \`$if\` being ${value},` : ''} ${what}.`,
    operation: op,
    schema: BASE,
    cells: cells(
      goes ? { has: 2, variables } : { has: 0, operation: opAir, variables },
      { variables },
      { variables },
      { variables },
    ),
  });
  return [
    mk(`${directive} ${value}, literal`, lit, litAir),
    mk(`${directive} ${value}, variable`, vr, vrAir, { if: value }),
  ];
};
export const inputs = [
  {
    name: 'alias',
    shows: 'Two aliases of one field are two positions.',
    operation: '{ a: gold b: gold }',
    schema: BASE,
    cells: cells(3, { has: 1 }),
  },
  {
    name: 'duplicate',
    shows: 'The same field selected twice is one position.',
    operation: '{ gold gold }',
    schema: BASE,
    cells: cells({ has: 1, operation: '{ gold gold air }' }, { has: 1 }),
  },
  {
    name: 'fragment',
    shows: 'Two fragments that select the same field make one position of it.',
    operation: '{ ...A ...B } fragment A on Query { gold silver } fragment B on Query { gold }',
    schema: BASE,
    cells: cells(2),
  },
  {
    name: 'inline fragment',
    shows: 'Nested inline fragments, with and without a type, are followed.',
    operation: '{ ... { gold ... on Query { silver } } }',
    schema: BASE,
    cells: cells(2),
  },
  {
    name: 'fragment cycle',
    shows: 'A fragment that contains itself is not valid: 400, before anything is quoted.',
    operation: '{ gold ...F } fragment F on Query { gold ...F }',
    schema: BASE,
    cells: {
      covered: { has: 'PLAN' },
      paid: { has: 10 },
      'refused in part': { pointless: 'Nothing of it is quoted, so nothing is refused for lack of payment.' },
      'refused whole': { has: 0 },
    },
  },
  ...conditions('skip', true),
  ...conditions('skip', false),
  ...conditions('include', true),
  ...conditions('include', false),
  {
    name: 'list',
    shows: 'A paid field in a list is charged per item; items beyond the balance are refused one by one.',
    operation: '{ veins { name gold } }',
    schema: `veins('@listSize(assumedSize: 3)')`,
    cells: cells(5, FREE_LIST),
  },
  {
    name: 'list of lists',
    shows: 'In lists of lists each item is a position.',
    operation: '{ grid { gold } }',
    schema: 'grid',
    cells: cells(5, FREE_LIST),
  },
  {
    name: 'list longer than quoted',
    shows: 'Items beyond the quote are held for in one further write, or refused one by one.',
    operation: '{ veins(first: 1) { gold } }',
    schema: `veins('@listSize(slicingArguments: ["first"])')`,
    cells: cells(5, FREE_LIST),
  },
  {
    name: 'null item',
    shows: 'Where an item is null there is no position.',
    operation: '{ veins { gold } }',
    schema: `veins('@listSize(assumedSize: 3)', [{}, null, {}])`,
    cells: cells(3, FREE_LIST),
  },
  {
    name: 'interface',
    shows: 'The dearest implementing type is held, the one that resolved is charged.',
    operation: '{ a: metal(kind: "Gold") { worth } b: metal(kind: "Iron") { worth } }',
    schema: 'kinds',
    cells: cells(2, {
      pointless: 'The field that gives the interface is free: at worst what is paid beneath it is refused.',
    }),
  },
  {
    name: 'union',
    shows: 'Of each item the type that resolved is charged, and a free type is not.',
    operation: '{ either { ... on Gold { worth } ... on Iron { worth } ... on Sand { colour } } }',
    schema: 'kinds',
    cells: cells(
      1,
      { pointless: 'The field that gives the union is free: at worst what is paid beneath it is refused.' },
      {},
      { has: 30 },
    ),
  },
  {
    name: 'node(id:)',
    shows: 'Through `node` a paid field costs what it costs elsewhere.',
    operation: '{ node(id: "Gold") { id ... on Gold { worth } } }',
    schema: 'kinds',
    cells: cells(1, { pointless: '`node` itself is free: at worst what is paid beneath it is refused.' }),
  },
  {
    name: 'nested paid in paid',
    shows: 'A paid field beneath a paid field is charged on top of it.',
    operation: '{ mine { gold } }',
    schema: `mine('feature: "f", cost: 3')`,
    cells: cells(4, { has: 2 }),
  },
  {
    name: 'paid beneath refused',
    shows: 'Nothing beneath a refused field is priced, even if it alone were covered or could be paid.',
    operation: '{ air mine { gold } }',
    schema: `mine('feature: "vip"')`,
    cells: {
      covered: { pointless: 'Then the field above is not refused: see “nested paid in paid”.' },
      paid: { pointless: 'Then the field above is not refused: see “nested paid in paid”.' },
      'refused in part': { has: 'PLAN' },
      'refused whole': { has: 10, operation: '{ mine { gold } }' },
    },
  },
  {
    name: 'mutation, serial',
    shows: 'The fields of a mutation run one after the other, each charged.',
    operation: 'mutation { a: dig(for: "gold") b: dig(for: "iron") }',
    schema: 'digging',
    cells: { ...cells(0), 'refused in part': { pointless: 'A mutation is all or nothing: see the next row.' } },
  },
  {
    name: 'mutation with a refused sibling',
    shows: 'If any paid field of a mutation is refused none of its resolvers runs.',
    operation: 'mutation { write(text: "diary") a: dig(for: "gold") b: dig(for: "iron") }',
    schema: 'digging',
    cells: cells(2),
  },
  {
    name: 'introspection',
    shows: 'Introspection is free and never refused.',
    operation: '{ __schema { queryType { name } } __type(name: "Query") { name } }',
    schema: BASE,
    cells: {
      covered: { pointless: 'It is free: there is nothing to cover.' },
      paid: { has: 10 },
      'refused in part': { has: 0, operation: '{ __type(name: "Query") { name } air gold }' },
      'refused whole': { has: 0, operation: '{ __type(name: "Query") { name } gold }' },
    },
  },
  {
    name: '__typename only',
    shows:
      '`__typename` is free and never refused, and is no reason to serve an operation all of whose fields are refused.',
    operation: '{ __typename }',
    schema: BASE,
    cells: {
      covered: { pointless: 'It is free: there is nothing to cover.' },
      paid: { has: 10 },
      'refused in part': { has: 0, operation: '{ __typename gold air }' },
      'refused whole': { has: 0, operation: '{ __typename gold }' },
    },
  },
  {
    name: 'renamed directive',
    shows: 'The directive can have another name.',
    operation: '{ gold silver }',
    schema: 'renamed',
    options: `{ directiveName: 'price' }`,
    cells: cells(2),
  },
  {
    name: 'code-first',
    shows: 'Prices in `extensions.directives` count like those of directives.',
    operation: '{ gold silver depth }',
    schema: 'codeFirst',
    cells: cells(2, { operation: '{ gold silver }' }),
  },
  {
    name: 'default resolver',
    shows: 'A paid field without a resolver of its own reads the property of its object, once let through.',
    operation: '{ hoard { gold silver } }',
    schema: `objectOf(() => ({ gold: 'Au', silver: 'Ag' }))`,
    cells: cells(2, { pointless: 'The object itself is free: at worst all of its paid fields are refused.' }),
  },
  {
    name: 'custom fieldResolver',
    shows: 'A paid field without a resolver of its own is resolved by the server’s `fieldResolver`, once let through.',
    operation: '{ gold silver }',
    schema: 'withoutResolvers',
    options: '{ fieldResolver: (_source, _args, _context, { fieldName }) => `${fieldName} of the server` }',
    cells: cells({ has: 1, operation: '{ gold air }' }),
  },
  {
    name: 'getter property',
    shows: 'A getter runs for a position that is admitted, and for no other.',
    operation: '{ hoard { gold silver } }',
    schema: 'objectOf((note) => new HoardWithGetters(note))',
    cells: cells(2, { pointless: 'The object itself is free: at worst all of its paid fields are refused.' }),
  },
  {
    name: 'function property',
    shows: 'A method of the object runs for a position that is admitted, and for no other.',
    operation: '{ hoard { gold silver } }',
    schema: 'objectOf((note) => new HoardWithMethods(note))',
    cells: cells(2, { pointless: 'The object itself is free: at worst all of its paid fields are refused.' }),
  },
  ...['sync', 'async', 'throwing', 'rejecting', 'returning an Error'].map((how) => ({
    name: `resolver ${how}`,
    shows: how.endsWith('sync')
      ? how === 'sync'
        ? 'A synchronous resolver.'
        : 'An asynchronous resolver.'
      : `A resolver ${how === 'returning an Error' ? 'that returns an \`Error\`' : how === 'throwing' ? 'that throws' : 'that rejects'} is not charged for.`,
    operation: '{ gold silver }',
    schema: how === 'sync' ? 'metals()' : `metals(${how.includes(' ') ? `'${how}'` : `'${how}'`})`,
    cells: cells(2),
  })),
];

const FILES = {
  alias: 'fields',
  duplicate: 'fields',
  fragment: 'fields',
  'inline fragment': 'fields',
  'fragment cycle': 'fields',
  list: 'lists',
  'list of lists': 'lists',
  'list longer than quoted': 'lists',
  'null item': 'lists',
  interface: 'types',
  union: 'types',
  'node(id:)': 'types',
  'nested paid in paid': 'types',
  'paid beneath refused': 'types',
  'mutation, serial': 'mutations',
  'mutation with a refused sibling': 'mutations',
  introspection: 'freeFields',
  '__typename only': 'freeFields',
  'renamed directive': 'prices',
  'code-first': 'prices',
  'default resolver': 'resolvers',
  'custom fieldResolver': 'resolvers',
  'getter property': 'resolvers',
  'function property': 'resolvers',
};
for (const each of inputs)
  each.file = FILES[each.name] ?? (each.name.startsWith('resolver') ? 'resolvers' : 'conditions');

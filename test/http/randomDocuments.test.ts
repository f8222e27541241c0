/**
 * Random documents on a schema whose answers tell their own price: what is charged is what is delivered, always.
 * `TOLLGATE_SEED` repeats a run.
 */
import { expect, it } from 'vitest';
import { seededRandom } from '../support/seededRandom.js';
import { chargedIn, partAt } from '../support/bodies.js';
import { seedOfRun } from '../support/domainRuns.js';
import { marketplace } from '../support/marketplace.js';
import { useServers } from '../support/runningServers.js';

const start = useServers();

const DOCUMENTS = 150;
const VARIABLES = { yes: true, no: false, n: 3 };
const HEAD = 'query ($yes: Boolean!, $no: Boolean!, $n: Int!)';
const KNOWN_CODES = new Set(['PAYMENT_REQUIRED', 'INTERNAL_SERVER_ERROR', 'BAD_USER_INPUT']);

it('random documents are charged exactly for what they deliver', { timeout: 120_000 }, async () => {
  const seed = seedOfRun('Random documents');
  const random = seededRandom(seed);
  const server = await start({ schema: marketplace(random), planRefreshMs: 60_000 });
  const seen = new Map<number, number>();
  for (let run = 0; run < DOCUMENTS; run += 1) {
    // Mostly too little for all that is asked, so that refusals are part of it.
    const credits = Math.floor(random() * (run % 3 === 0 ? 2_000 : 40));
    const account = `account-${run}`;
    const key = await server.accountWithKey(account, credits);
    const document = documentOf(random);
    const { status, body } = await server.query(key, document, VARIABLES);
    const told = `seed ${seed}, run ${run}, credits ${credits}: ${document}\n${JSON.stringify(body)}`;
    seen.set(status, (seen.get(status) ?? 0) + 1);
    expect([200, 400, 402], told).toContain(status);
    const charged = chargedIn(body);
    expect(charged, told).toBe(sumIn(partAt(body, 'data')));
    for (const error of listOf(partAt(body, 'errors'))) {
      expect(KNOWN_CODES, told).toContain(partAt(error, 'extensions', 'code'));
    }
    const { entries, ...books } = await server.books(account);
    const balance = credits - charged;
    expect(books, told).toEqual({ available: balance, held: 0, holds: 0, sum: balance });
    expect(entries.at(-1)?.balanceAfter ?? 0, told).toBe(balance);
  }
  // Otherwise it would have tested nothing.
  expect(seen.get(200), `seed ${seed}`).toBeGreaterThan(DOCUMENTS / 3);
});

type Type = 'Goods' | 'Plain' | 'Fancy';

/** A valid document with every way there is to select a field twice, conditionally, or on a type that may not come. */
const documentOf = (random: () => number): string => {
  const fragments: string[] = [];
  const pick = <Value>(values: readonly [Value, ...Value[]]): Value =>
    values[Math.floor(random() * values.length)] ?? values[0];
  const condition = (): string =>
    pick(['', '', '', '', ' @include(if: $yes)', ' @skip(if: $no)', ' @include(if: $no)', ' @skip(if: $yes)']);
  const times = (most: number, make: () => string): string =>
    Array.from({ length: 1 + Math.floor(random() * most) }, make).join(' ');
  // An alias says what it stands for, so that equal ones merge and never conflict.
  const alias = (name: string): string => pick(['', '', `${name}_again: `, `${name}_too: `]);

  const field = (depth: number, type: Type): string => {
    const leaves = [
      () => `${alias('free')}free${condition()}`,
      () => `${alias('paid')}paid${condition()}`,
      () => `${alias('paid')}paid${condition()}`,
      () => pick([`many2: many(n: 2)${condition()}`, `many_n: many(n: $n)${condition()}`, `many0: many(n: 0)`]),
      () => `must${condition()}`,
    ] as const;
    if (depth === 0) return pick(leaves)();
    // A fragment on a type that can't come there would not be valid.
    const narrower = type === 'Goods' ? pick<Type>(['Goods', 'Plain', 'Fancy']) : pick<Type>(['Goods', type]);
    return pick([
      ...leaves,
      () => `${alias('other')}other${condition()} ${set(depth, 'Goods')}`,
      () => `${alias('some')}some${condition()} { ${onBoth(depth)} }`,
      () => `${alias('all')}all${condition()} ${set(depth, 'Goods')}`,
      () => `${alias('strict')}strict${condition()} ${set(depth, 'Goods')}`,
      () => `... on ${narrower}${condition()} ${set(depth, narrower)}`,
      () => `...${fragment(narrower, depth)}${condition()}`,
      () => shelf(depth),
    ])();
  };
  const shelf = (depth: number): string => {
    const items = `{ price items${condition()} ${set(depth, 'Goods')} }`;
    return pick([`shelf3: shelf(first: 3)${condition()} ${items}`, `shelf_n: shelf(first: $n)${condition()} ${items}`]);
  };
  const set = (depth: number, type: Type): string => {
    const hasBox = type !== 'Goods' && depth > 0 && random() < 0.5;
    const box = hasBox ? `box${condition()} ${set(depth - 1, type)} ` : '';
    return `{ price ${box}${times(3, () => field(Math.max(0, depth - 1), type))} }`;
  };
  const onBoth = (depth: number): string =>
    `... on Plain ${set(depth, 'Plain')} ... on Fancy ${set(depth, 'Fancy')} ... on Goods${condition()} ${set(depth, 'Goods')}`;
  const fragment = (type: Type, depth: number): string => {
    const index = fragments.push('') - 1;
    fragments[index] = `fragment F${index} on ${type} ${set(depth, type)}`;
    return `F${index}`;
  };

  const root = times(4, () =>
    pick<() => string>([
      () => `${alias('paid')}paid${condition()}`,
      () => `${alias('goods')}goods${condition()} ${set(3, 'Goods')}`,
      () => `${alias('any')}any${condition()} { ${onBoth(3)} }`,
      () => `${alias('all')}all${condition()} ${set(3, 'Goods')}`,
      () => 'free',
    ])(),
  );
  const unused = 'unused: free @skip(if: $yes) @include(if: $no) goods_n: goods @skip(if: $yes) { many(n: $n) }';
  return `${HEAD} { ${root} ${unused} } ${fragments.join(' ')}`;
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Of all numbers, however deep. */
const sumIn = (value: unknown): number => {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null) return 0;
  const parts: readonly unknown[] = Object.values(value);
  return parts.reduce<number>((sum, each) => sum + sumIn(each), 0);
};

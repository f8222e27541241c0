/**
 * Tollgate beside what one would write or take instead, on the same operations and as durable, in process. Each of them
 * is made as correct as its tool can be; what it still gets wrong is counted.
 */
import { parse } from 'graphql';
import { accountId } from '../src/domain/ids.js';
import { AccountBook } from './alternatives/accountBook.js';
import type { Contender } from './alternatives/contender.js';
import { authorized, shielded } from './alternatives/gatekeepers.js';
import { loadedLookups, naiveLookups } from './alternatives/lookups.js';
import { rateLimited } from './alternatives/rateLimited.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import { contest } from './contest.js';
import type { Contestant, Standing } from './contest.js';
import { viewAt } from '../src/domain/walletView.js';
import { inWords } from './statistics.js';
import type { Means, World } from './world.js';
import {
  ACCOUNTS_PER_MEANS,
  createFreeSchema,
  keyOf,
  listOf,
  MEANS,
  nextKeyOf,
  openWorld,
  SEARCH,
  walletWith,
} from './world.js';

const RULES = { rounds: 5, roundMs: 300, concurrency: 32 };
const CASES: readonly { readonly name: string; readonly means: Means; readonly source: string }[] = [
  { name: 'search, covered', means: 'covered', source: SEARCH },
  { name: 'search, paid', means: 'paid', source: SEARCH },
  { name: 'list of 100, covered', means: 'covered', source: listOf(100) },
  { name: 'list of 100, paid', means: 'paid', source: listOf(100) },
];

const POOR = 'poor';
const POOR_CREDITS = 100;
/** So many searches at once, at 20 credits each, of which the poor account can pay five. */
const AT_ONCE = 50;
const PAYABLE = 5;
/** As a limit in a directive it must be an Int. */
const LARGEST_INT = 2 ** 31 - 1;
/** The city is delivered for a credit; its distance fails, and costs nothing. */
const FAILING = '{ country(code: "US") { cities(first: 1) { name distance(lat: 200, lon: 0) } } }';
const FAILING_TIMES = 10;

const tollgateOf = ({ paywall, store }: World): Contender => ({
  name: 'Tollgate',
  run: async (account, document) => {
    const caller = await paywall.identify(`Bearer ${account}`);
    return paywall.execute({ document, contextValue: { caller } });
  },
  creditsOf: async (account) => {
    const [wallet] = await store.findWallets([accountId(account)]);
    return wallet == null ? 0 : viewAt(wallet, Date.now()).available;
  },
  remark: '',
});

interface Faults {
  /** Operations served beyond what the account had credits for. */
  readonly overspent: number;
  /** Credits charged for fields that failed. */
  readonly chargedForFailures: number;
}

const countFaults = async ({ run, creditsOf }: Contender): Promise<Faults> => {
  const search = parse(SEARCH);
  const results = await Promise.all(Array.from({ length: AT_ONCE }, () => run(POOR, search)));
  const served = results.filter(({ data }) => data?.['nearest'] != null).length;
  const failing = parse(FAILING);
  const rich = keyOf('paid', 0);
  const before = await creditsOf(rich);
  for (let time = 0; time < FAILING_TIMES; time += 1) await run(rich, failing);
  const charged = before - (await creditsOf(rich));
  return { overspent: Math.max(0, served - PAYABLE), chargedForFailures: charged - FAILING_TIMES };
};

const contestantOf = ({ name, run }: Contender, means: Means, source: string): Contestant => {
  const document = parse(source);
  const nextKey = nextKeyOf(means);
  return {
    name,
    run: async () => {
      const { data, errors } = await run(nextKey(), document);
      if (data == null || errors !== undefined) throw new Error(`${name}: ${JSON.stringify(errors)}`);
    },
  };
};

const fixedKeys = () =>
  new Map(
    [
      POOR,
      ...MEANS.flatMap((means) => Array.from({ length: ACCOUNTS_PER_MEANS }, (_, index) => keyOf(means, index))),
    ].map((key) => [key, accountId(key)]),
  );

const measure = async (): Promise<Findings> => {
  const world = await openWorld(undefined, { fixedKeys: fixedKeys() });
  await world.store.commitWallets([walletWith(POOR, 1, POOR_CREDITS)]);
  const free = createFreeSchema();
  const books: AccountBook[] = [];
  const bookOf = (name: string): AccountBook => {
    const book = new AccountBook(world.folder, name);
    books.push(book);
    book.setBalance(POOR, POOR_CREDITS);
    return book;
  };
  const contenders = [
    tollgateOf(world),
    naiveLookups(free, bookOf('naive')),
    loadedLookups(free, bookOf('loaded')),
    shielded(free, bookOf('shield')),
    authorized(free, bookOf('auth')),
    rateLimited(bookOf('limit'), LARGEST_INT),
  ];
  try {
    // The limit of the rate limiter is the schema's: for a poor account it takes another schema.
    const faults: Faults[] = [];
    for (const each of [...contenders.slice(0, -1), rateLimited(bookOf('poor'), POOR_CREDITS)]) {
      faults.push(await countFaults(each));
    }
    const standings: (readonly Standing[])[] = [];
    for (const { means, source } of CASES) {
      standings.push(
        await contest(
          contenders.map((each) => contestantOf(each, means, source)),
          RULES,
        ),
      );
    }
    return findingsOf(contenders, faults, standings);
  } finally {
    for (const book of books) book.close();
    await world.close();
  }
};

const findingsOf = (
  contenders: readonly Contender[],
  faults: readonly Faults[],
  standings: readonly (readonly Standing[])[],
): Findings => {
  const speed: Table = {
    title: 'Operations a second, and as a part of Tollgate’s',
    columns: ['alternative', ...CASES.map(({ name }) => name)],
    rows: contenders.map(({ name }, index) => [
      name,
      ...standings.map((standing) => {
        const each = standing[index];
        return each === undefined ? '' : `${Math.round(each.perSecond.median)}, ${inWords(each.ratio)}`;
      }),
    ]),
  };
  const wrong: Table = {
    title: 'What each gets wrong',
    columns: [
      'alternative',
      `served unpaid, of ${AT_ONCE} at once`,
      `charged for ${FAILING_TIMES} failed fields`,
      'and',
    ],
    rows: contenders.map(({ name, remark }, index) => [
      name,
      faults[index]?.overspent ?? '',
      faults[index]?.chargedForFailures ?? '',
      remark,
    ]),
  };
  const charts = CASES.map(({ name }, index) => ({
    name: `alternatives-${index + 1}`,
    title: `Operations a second: ${name}`,
    unit: 'ops/s',
    bars: (standings[index] ?? []).map(({ name: label, perSecond }, place) => ({
      label,
      value: perSecond.median,
      range: [perSecond.min, perSecond.max] as const,
      isReference: place > 0,
    })),
  }));
  return { tables: [speed, wrong], charts, targets: targetsOf(contenders, faults, standings) };
};

const targetsOf = (
  contenders: readonly Contender[],
  faults: readonly Faults[],
  standings: readonly (readonly Standing[])[],
): readonly Target[] =>
  contenders.slice(1).map(({ name }, index): Target => {
    const slowest = Math.max(...standings.map((standing) => standing[index + 1]?.ratio.median ?? Number.NaN));
    const fault = faults[index + 1];
    const isCorrect = fault?.overspent === 0 && fault.chargedForFailures === 0;
    return {
      claim: `faster than ${name} on every operation`,
      wanted: 'its ratio < 1',
      measured: `at most ${slowest.toFixed(2)}${isCorrect ? '' : ', while it makes mistakes'}`,
      isReached: slowest < 1,
    };
  });

export const alternatives: Benchmark = { name: 'alternatives', title: 'Beside what one would use instead', measure };

/**
 * Tollgate beside what one would write or take instead, on the same operations and as durable, without a server. Each of
 * them is made as correct as its tool can be; what it still gets wrong is counted.
 */
import { AT_ONCE, FAILING_TIMES } from './alternatives/faults.js';
import type { Faults } from './alternatives/faults.js';
import { contestApart, withContenders } from './apart.js';
import type { ApartContender } from './apart.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import type { Case } from './cases.js';
import { ALTERNATIVES, TOLLGATE_FIXED } from './contenders.js';
import type { Standing } from './contest.js';
import { inWords } from './statistics.js';
import { listOf, SEARCH } from './world.js';

const RULES = { rounds: 4, roundMs: 300, concurrency: 32 };
const CASES: readonly Case[] = [
  { name: 'search, covered', means: 'covered', source: SEARCH, ending: 'whole' },
  { name: 'search, paid', means: 'paid', source: SEARCH, ending: 'whole' },
  { name: 'list of 100, covered', means: 'covered', source: listOf(100), ending: 'whole' },
  { name: 'list of 100, paid', means: 'paid', source: listOf(100), ending: 'whole' },
];

const measure = (): Promise<Findings> =>
  withContenders([TOLLGATE_FIXED, ...ALTERNATIVES], async (contenders) => {
    const faults: Faults[] = [];
    for (const each of contenders) faults.push(await each.faults());
    const standings: (readonly Standing[])[] = [];
    for (const asked of CASES) standings.push(await contestApart(contenders, asked, RULES));
    return findingsOf(contenders, faults, standings);
  });

const findingsOf = (
  contenders: readonly ApartContender[],
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
  contenders: readonly ApartContender[],
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

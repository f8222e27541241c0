/**
 * The runner: each benchmark in a process of its own, so that none inherits another's heap or compiled code. Prints
 * tables, and keeps them in bench/results as JSON, with one SVG per chart. Ends with 1 where a figure misses its target.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts } from './accounts.js';
import { alternatives } from './alternatives.js';
import type { Benchmark, Findings, Table } from './benchmark.js';
import { svgOf } from './chart.js';
import { domain } from './domain.js';
import { groupCommit } from './groupCommit.js';
import { growth } from './growth.js';
import { inProcess } from './inProcess.js';
import { describeMachine } from './machine.js';
import { memory } from './memory.js';
import { mongo } from './onMongo.js';
import { overHttp } from './overHttp.js';
import { refusals } from './refusals.js';
import { watched } from './watched.js';

const BENCHMARKS: readonly Benchmark[] = [
  domain,
  inProcess,
  overHttp,
  alternatives,
  growth,
  memory,
  mongo,
  refusals,
  groupCommit,
  accounts,
  watched,
];
/** In the sources, wherever the compiled runner is. */
const RESULTS = resolve('bench', 'results');
/** By which the runner tells its child what to measure. */
const CHILD = '--in-child';
/** How a child ends where all went well and a figure misses its target. */
const MISSED = 2;

const measureInChild = async ({ name, title, whyNot }: Benchmark): Promise<void> => {
  const reason = whyNot?.() ?? null;
  if (reason !== null) {
    console.log(`\n## ${title}\n\nSkipped: ${reason}`);
    return;
  }
  const child = fork(fileURLToPath(import.meta.url), [CHILD, name], { execArgv: ['--expose-gc'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === MISSED) process.exitCode = 1;
  else if (code !== 0) throw new Error(`The benchmark ${name} failed.`);
};

const measure = async (benchmark: Benchmark): Promise<void> => {
  const machine = describeMachine();
  const startedAt = performance.now();
  const findings = await benchmark.measure();
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  mkdirSync(RESULTS, { recursive: true });
  for (const chart of findings.charts) writeFileSync(resolve(RESULTS, `${chart.name}.svg`), svgOf(chart));
  const { name, title } = benchmark;
  const result = { name, title, machine, seconds, ...findings };
  writeFileSync(resolve(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\n## ${title}\n\n${machine.words}\n${inMarkdown(findings)}\nMeasured in ${seconds} s.`);
  if (findings.targets.some(({ isReached }) => !isReached)) process.exitCode = MISSED;
};

const inMarkdown = ({ tables, targets }: Findings): string => {
  const rows = targets.map(({ claim, wanted, measured, isReached }) => [
    claim,
    wanted,
    measured,
    isReached ? 'yes' : 'no',
  ]);
  const reached: Table = { title: 'Targets', columns: ['target', 'wanted', 'measured', 'reached'], rows };
  return [...tables, ...(rows.length === 0 ? [] : [reached])].map(tableInMarkdown).join('\n');
};

const tableInMarkdown = ({ title, columns, rows }: Table): string => {
  const cells = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `\n### ${title}\n\n${[lineOf(head), rule, ...body.map(lineOf)].join('\n')}\n`;
};

const chosen = (names: readonly string[]): readonly Benchmark[] => {
  const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    throw new Error(`There is no benchmark ${unknown.join(', ')}: ${BENCHMARKS.map(({ name }) => name).join(', ')}.`);
  }
  return names.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => names.includes(name));
};

const [first, ...others] = process.argv.slice(2);
if (first === CHILD) {
  for (const benchmark of chosen(others)) await measure(benchmark);
} else {
  for (const each of chosen(first === undefined ? [] : [first, ...others])) await measureInChild(each);
}

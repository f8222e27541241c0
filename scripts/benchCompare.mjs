/**
 * `npm run bench:compare -- <before> [<after>] [--rounds 3] [--most 3] [-- <benchmark>…]`: the benchmarks of two
 * checkouts in turn, so that what disturbs the machine for a while disturbs both. Prints for each operation the median
 * of its ratios to the floor, with their spread, and ends with 1 where one is worse by more than so many percent.
 * Nothing of either checkout is left changed, apart from what it compiles.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const cut = process.argv.indexOf('--', 2);
const args = process.argv.slice(2, cut === -1 ? undefined : cut);
const names = cut === -1 ? ['http', 'in-process'] : process.argv.slice(cut + 1);
const { values, positionals } = parseArgs({
  args,
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, most: { type: 'string', default: '3' } },
});
const [before, after = path.resolve(import.meta.dirname, '..')] = positionals;
const rounds = Number(values.rounds);
const mostPercent = Number(values.most);

/** By the processor time, too: others on the machine disturb it less. */
const RATIOS = ['ratio', 'CPU ratio'];

/**
 * @param {string} folder
 * @param {string} name
 */
const resultFile = (folder, name) => path.join(folder, 'bench', 'results', `${name}.json`);

/** @typedef {{ columns: string[], rows: (string | number)[][] }} Table */

/**
 * Each ratio of a table by its benchmark, operation and kind. It is written as in `0.93 (0.91–0.95)`.
 * @param {string} name
 * @param {Table} table
 */
const ratiosIn = (name, { columns, rows }) =>
  rows.flatMap((row) =>
    RATIOS.filter((ratio) => columns.includes(ratio)).map((ratio) => ({
      key: `${name}: ${row[0]}, ${ratio}`,
      value: Number.parseFloat(String(row[columns.indexOf(ratio)])),
    })),
  );

/**
 * One run of all the benchmarks in a checkout.
 * @param {string} folder
 */
const measure = (folder) => {
  const files = names.map((name) => resultFile(folder, name));
  const kept = files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : null));
  // Ends with 1 where a target is missed, which is not what is asked here.
  spawnSync('npm', ['run', '--silent', 'bench', '--', ...names], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const found = files.map((file) => readFileSync(file, 'utf8'));
  for (const [index, text] of kept.entries()) {
    if (found[index] === text) throw new Error(`${names[index]} measured nothing in ${folder}`);
    if (text !== null) writeFileSync(files[index] ?? '', text);
  }
  return found.flatMap((text, index) =>
    JSON.parse(text).tables.flatMap((/** @type {Table} */ table) => ratiosIn(names[index] ?? '', table)),
  );
};

/** @param {number[]} values */
const spreadOf = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ index) => sorted[index] ?? Number.NaN;
  const half = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
  return { median, words: `${median.toFixed(3)} (${at(0).toFixed(3)}–${at(sorted.length - 1).toFixed(3)})` };
};

const main = () => {
  if (before === undefined || !(rounds >= 1) || !(mostPercent >= 0)) {
    console.error(
      'Name the checkout to compare with: npm run bench:compare -- <before> [<after>] [--rounds 3] [--most 3]',
    );
    process.exitCode = 2;
    return;
  }
  /** @type {Map<string, { before: number[], after: number[] }>} */
  const all = new Map();
  for (let round = 0; round < rounds; round += 1) {
    /** @type {(readonly ['before' | 'after', string])[]} */
    const sides = [
      ['before', before],
      ['after', after],
    ];
    // Who is first warms the machine for the other.
    for (const [side, folder] of round % 2 === 0 ? sides : sides.toReversed()) {
      console.error(`Round ${round + 1} of ${rounds}: ${side} …`);
      for (const { key, value } of measure(folder)) {
        const found = all.get(key) ?? { before: [], after: [] };
        found[side].push(value);
        all.set(key, found);
      }
    }
  }
  console.log('| ratio to the floor | before | after | change |\n| --- | --- | --- | --- |');
  const worse = [];
  for (const [key, found] of all) {
    const [old, now] = [spreadOf(found.before), spreadOf(found.after)];
    const percent = (now.median / old.median - 1) * 100;
    // An operation that only one of them measures can't be compared.
    if (!(percent >= -mostPercent) && found.before.length > 0 && found.after.length > 0) worse.push(key);
    console.log(`| ${key} | ${old.words} | ${now.words} | ${percent.toFixed(1)} % |`);
  }
  console.log(`\n${worse.length} of ${all.size} ratios are worse by more than ${mostPercent} %.`);
  process.exitCode = worse.length === 0 ? 0 : 1;
};

main();

/**
 * Changes the sources in one place at a time and sees whether a test notices.
 *
 *   npm run mutation -- <folder or file of src> …   all of it, or some of it
 *   npm run mutation:sample                         some lines, others for each commit: what CI has time for
 *
 * Each folder has its tests, and its share of changes that they must notice, in `folders.mjs`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FOLDERS } from './folders.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const stryker = path.join(import.meta.dirname, 'node_modules', '.bin', 'stryker');
const made = path.join(import.meta.dirname, 'node_modules', '.tollgate');
const report = path.join(root, 'coverage', 'mutation.json');
/** About three dozen changes, of which the compiler lets through the half. */
const SAMPLE_LINES = 40;
/** Of so few changes a share says little: what is worse than this is no accident. */
const SAMPLE_BREAKS_BELOW = 50;
/** Of fewer than these it says nothing. */
const SAMPLE_CHANGES_MIN = 10;

/** @typedef {{ fileName: string, line: number, mutator: string, replacement: string, status: string }} Mutant */

/**
 * @param {string} folder
 * @param {readonly string[]} mutate
 * @returns {readonly Mutant[]}
 */
const mutantsOf = (folder, mutate) => {
  rmSync(report, { force: true });
  const { status } = spawnSync(stryker, ['run', configOf(folder), '--mutate', mutate.join(',')], {
    cwd: root,
    env: { ...process.env, TOLLGATE_MUTATION_FOLDER: folder },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`Stryker ended with ${String(status)} for ${mutate.join(', ')}.`);
  // Where there is nothing that could be changed it writes none.
  if (!existsSync(report)) return [];
  /** @type {{ files: Record<string, { mutants: { location: { start: { line: number } }, mutatorName: string, replacement?: string, status: string }[] }> }} */
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  mkdirSync(path.join(root, 'coverage', 'mutation'), { recursive: true });
  renameSync(report, path.join(root, 'coverage', 'mutation', `${mutate[0]?.replace(/\W+/g, '-') ?? folder}.json`));
  return Object.entries(files).flatMap(([fileName, { mutants }]) =>
    mutants.map(({ location, mutatorName, replacement = '', status }) => ({
      fileName,
      line: location.start.line,
      mutator: mutatorName,
      replacement,
      status,
    })),
  );
};

/**
 * What compiles is asked of the folder and of what it imports: of all of `src` it takes minutes to know.
 * @param {string} folder
 */
const configOf = (folder) => {
  mkdirSync(made, { recursive: true });
  const [tsconfig, config] = [path.join(made, `${folder}.tsconfig.json`), path.join(made, `${folder}.config.json`)];
  const compilerOptions = { incremental: false, tsBuildInfoFile: null };
  const include = [path.join(root, 'src', folder)];
  writeFileSync(tsconfig, JSON.stringify({ extends: path.join(root, 'tsconfig.json'), compilerOptions, include }));
  /** @type {object} */
  const common = JSON.parse(readFileSync(path.join(import.meta.dirname, 'stryker.config.json'), 'utf8'));
  writeFileSync(config, JSON.stringify({ ...common, tsconfigFile: tsconfig }));
  return config;
};

/**
 * @param {readonly Mutant[]} mutants
 * @param {string} name
 * @returns How many of a hundred were noticed.
 */
const tell = (mutants, name) => {
  const noticed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const share = noticed + missed.length === 0 ? 100 : (100 * noticed) / (noticed + missed.length);
  for (const { fileName, line, mutator, replacement, status } of missed) {
    console.log(
      `${fileName}:${String(line)} ${status} ${mutator} → ${replacement.replaceAll(/\s+/g, ' ').slice(0, 80)}`,
    );
  }
  console.log(
    `${name}: ${String(noticed)} of ${String(noticed + missed.length)} changes are noticed, ${share.toFixed(1)} %`,
  );
  return share;
};

/** @param {string} folder */
const filesOf = (folder) =>
  readdirSync(path.join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${folder}/${file}`)
    .sort();

/** Some lines of a folder that has met its bound, by the commit. Where there is none, by the day. */
const sample = () => {
  const seed = process.env['TOLLGATE_MUTATION_SEED'] ?? headOf() ?? new Date().toISOString().slice(0, 10);
  const number = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000_007, 7);
  const windows = Object.entries(FOLDERS)
    .filter(([, { isMeasured }]) => isMeasured === true)
    .flatMap(([folder]) => filesOf(folder).flatMap((file) => windowsOf(folder, file)));
  const { folder, lines } = windows[number % windows.length] ?? { folder: '', lines: '' };
  console.log(`TOLLGATE_MUTATION_SEED=${seed}: ${lines}, one of ${String(windows.length)} places`);
  const mutants = mutantsOf(folder, [lines]);
  const tried = mutants.filter(({ status }) => ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status));
  return tell(mutants, lines) >= SAMPLE_BREAKS_BELOW || tried.length < SAMPLE_CHANGES_MIN;
};

const headOf = () => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
};

/**
 * @param {string} folder
 * @param {string} file
 */
const windowsOf = (folder, file) => {
  const { length } = readFileSync(path.join(root, file), 'utf8').split('\n');
  return Array.from({ length: Math.ceil(length / SAMPLE_LINES) }, (_, index) => ({
    folder,
    lines: `${file}:${String(index * SAMPLE_LINES + 1)}-${String(Math.min(length, (index + 1) * SAMPLE_LINES))}`,
  }));
};

/** @param {readonly string[]} asked Paths that begin with `src/`; none: every folder. */
const all = (asked) => {
  const places = asked.length === 0 ? Object.keys(FOLDERS).map((folder) => `src/${folder}`) : asked;
  const outcomes = places.map((place) => {
    const folder = place.split('/')[1] ?? '';
    const terms = FOLDERS[folder];
    if (terms === undefined) throw new Error(`${place} is in no folder that scripts/mutation/folders.mjs names.`);
    const share = tell(mutantsOf(folder, [place.includes('.ts') ? place : `${place}/**/*.ts`]), place);
    return { place, share, isEnough: share >= (terms.breaksBelow ?? 0) };
  });
  for (const { place, share, isEnough } of outcomes)
    console.log(`${place}: ${share.toFixed(1)} %${isEnough ? '' : ', too few'}`);
  return outcomes.every(({ isEnough }) => isEnough);
};

const [first, ...others] = process.argv.slice(2);
const isEnough = first === '--sample' ? sample() : all(first === undefined ? [] : [first, ...others]);
process.exitCode = isEnough ? 0 : 1;

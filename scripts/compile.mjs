/** src as JavaScript in dist: what `npm start` runs. Nothing happens where dist was made of the same sources. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const src = path.join(root, 'src');
const dist = path.join(root, 'dist');
const stampFile = path.join(dist, '.made-of');

const sourceFiles = () =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => path.join(src, file));

/** Of all that decides on what is in dist. */
const digest = () => {
  const hash = createHash('sha256');
  for (const file of [path.join(root, 'tsconfig.json'), ...sourceFiles()]) {
    hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
};

const madeOf = () => {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return null;
  }
};

/** Notes that dist is made of the sources as they are. */
export const stampDist = () => {
  writeFileSync(stampFile, digest());
};

/** Without a look at types, which is for `npm test` and takes many times as long. */
export const compile = async () => {
  if (madeOf() === digest()) return;
  console.error('Compiling the sources …');
  // What was made of files that are gone would stay, and what `npm run build` remembers of dist would no longer be true.
  rmSync(dist, { recursive: true, force: true });
  const { build } = await import('esbuild');
  await build({
    entryPoints: sourceFiles(),
    outdir: dist,
    outbase: src,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    sourcemap: true,
    tsconfig: path.join(root, 'tsconfig.json'),
    logLevel: 'warning',
  });
  stampDist();
};

if (process.argv[1] === import.meta.filename) await compile();

/** Bundles GraphiQL into graphiql/dist, unless what is there was made of the same sources and packages. */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const madeOf = [
  'graphiql/index.html',
  'graphiql/page.js',
  'graphiql/page.css',
  'graphiql/vite.config.js',
  'package-lock.json',
];
const bundle = path.join(root, 'graphiql', 'dist');
const stampFile = 'made-of.txt';

const digest = () => {
  const hash = createHash('sha256');
  for (const file of madeOf) hash.update(readFileSync(path.join(root, file))).update('\0');
  return hash.digest('hex');
};

const madeBefore = () => {
  try {
    return readFileSync(path.join(bundle, stampFile), 'utf8');
  } catch {
    return null;
  }
};

export const isGraphiqlBuilt = () => madeBefore() === digest();

export const buildGraphiql = async () => {
  const stamp = digest();
  if (madeBefore() === stamp) return;
  // A server that runs meanwhile must not serve half of it.
  const outDir = `${bundle}.${process.pid}`;
  const { build } = await import('vite');
  try {
    await build({ configFile: path.join(root, 'graphiql', 'vite.config.js'), build: { outDir } });
    writeFileSync(path.join(outDir, stampFile), stamp);
    rmSync(bundle, { recursive: true, force: true });
    renameSync(outDir, bundle);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
};

if (process.argv[1] === import.meta.filename) await buildGraphiql();

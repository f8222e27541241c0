/** Bundles GraphiQL into graphiql/dist, unless what is there was made of the same sources and packages. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const madeOf = [
  'graphiql/index.html',
  'graphiql/page.js',
  'graphiql/page.css',
  'graphiql/vite.config.js',
  'package-lock.json',
];
const stampFile = path.join(root, 'graphiql', 'dist', 'made-of.txt');

const digest = () => {
  const hash = createHash('sha256');
  for (const file of madeOf) hash.update(readFileSync(path.join(root, file))).update('\0');
  return hash.digest('hex');
};

const madeBefore = () => {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return null;
  }
};

export const buildGraphiql = async () => {
  const stamp = digest();
  if (madeBefore() === stamp) return;
  const { build } = await import('vite');
  await build({ configFile: path.join(root, 'graphiql', 'vite.config.js') });
  writeFileSync(stampFile, stamp);
};

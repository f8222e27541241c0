/**
 * `npm run audit`: what the registry knows against packages that run in production. Each finding must be listed in
 * SECURITY.md, with its reason, by the id of its advisory. Ends with 1 for one that is not, and with 2 where the registry
 * can't be asked.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const accepted = readFileSync(path.join(root, 'SECURITY.md'), 'utf8').match(/^\| `GHSA(-[a-z0-9]{4}){3}`/gm) ?? [];
const acceptedIds = new Set(accepted.map((row) => row.slice(3, -1)));

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });

/** @typedef {{ url: string, title: string, name: string }} Advisory */

/** @returns {Record<string, { via: (string | Advisory)[] }> | null} By package; `null`: the registry did not answer. */
const readFindings = () => {
  try {
    return JSON.parse(stdout).vulnerabilities ?? null;
  } catch {
    return null;
  }
};

const findings = readFindings();
if (findings === null) {
  console.log('The registry can’t be asked. Run this where it answers `npm audit`.');
  process.exitCode = 2;
} else {
  const advisories = Object.values(findings).flatMap(({ via }) => via.filter((each) => typeof each !== 'string'));
  const open = advisories.filter(({ url }) => !acceptedIds.has(url.split('/').at(-1) ?? ''));
  for (const { name, title, url } of open) console.log(`${name}: ${title} (${url})`);
  console.log(`${advisories.length} findings, ${open.length} of them not listed in SECURITY.md`);
  process.exitCode = open.length === 0 ? 0 : 1;
}

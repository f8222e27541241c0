/** Rules on how the tests themselves are written, which no linter knows. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const OWN = 'tooling/testFiles.test.ts';

const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== OWN)
  .map((path) => ({ path, text: readFileSync(join(ROOT, 'test', path), 'utf8') }));

describe('files of test/', () => {
  it('are named *.stores.test.ts where they run on each store, and only there', () => {
    const joining = files.filter(({ path, text }) => path.endsWith('.test.ts') && text.includes('onEachStore('));
    const named = files.filter(({ path }) => path.endsWith('.stores.test.ts'));
    expect(joining.map(({ path }) => path)).toEqual(named.map(({ path }) => path));
    expect(named.length).toBeGreaterThan(5);
  });

  it('are named *.failPoint.test.ts where they set the fail point of the MongoDB server, and only there', () => {
    const setting = files.filter(({ text }) => text.includes('configureFailPoint'));
    const named = files.filter(({ path }) => path.endsWith('.failPoint.test.ts'));
    expect(setting.map(({ path }) => path)).toEqual(named.map(({ path }) => path));
    expect(named.length).toBeGreaterThan(1);
  });

  it('of test/unit have the path of the file of src that they test, and may name the part', () => {
    const tested = files.flatMap(({ path }) => /^unit\/([^.]*)(?:\.\w+)?\.test\.ts$/.exec(path)?.[1] ?? []);
    const isThere = (path: string): boolean =>
      existsSync(join(ROOT, 'src', `${path}.ts`)) || existsSync(join(ROOT, 'src', path));
    expect(tested.filter((path) => !isThere(path))).toEqual([]);
    expect(tested.length).toBeGreaterThan(50);
  });

  it('say what a value is, and not that there is one', () => {
    const vague = /\.(?:toBeDefined|toBeTruthy|toBeFalsy)\(/;
    expect(files.filter(({ text }) => vague.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

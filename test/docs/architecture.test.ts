/** docs/architecture.md is read in five minutes, and its table of rooms is what `npm run imports` checks. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import rules from '../../scripts/importRules.cjs';
import { countWords, readPage, ROOT } from './markdown.js';

const WORDS_MAX = 1_200;
const page = readPage('docs/architecture.md');
const sectionOf = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** Of each room a file, there or not, by which the rules are asked. */
const fileIn = (room: string): string => {
  if (!room.endsWith('/')) return room;
  if (room === 'src/store/') return 'src/store/store.ts';
  return room === 'src/generated/' ? 'src/generated/adminTypes.ts' : `${room}example.ts`;
};

const rooms = [...sectionOf('Rooms').matchAll(/^\| `(src\/[^`]+)` +\|[^|]+\| (.+?) +\|$/gm)].map(
  ([, path = '', imports = '']) => ({ path, imports }),
);

interface Layer {
  readonly path: string;
  readonly mayImport: readonly RegExp[];
}

const layers: readonly Layer[] = rules.forbidden.flatMap(({ name, from, to }) => {
  if (!name.endsWith('-imports-inward') || from.path === undefined) return [];
  const others = [('pathNot' in to ? to.pathNot : undefined) ?? []].flat().map((path) => new RegExp(path));
  return [{ path: from.path, mayImport: others }];
});

const layersOf = (room: string): readonly Layer[] => layers.filter(({ path }) => new RegExp(path).test(fileIn(room)));

const mayImport = (from: string, to: string): boolean =>
  layersOf(from).every((layer) => layer.mayImport.some((path) => path.test(fileIn(to))));

/** As the table names a room in its last column. */
const shortNameOf = (path: string): string => path.replace(/^src\//, '').replace(/\/$|\.ts$/, '');

describe('docs/architecture.md', () => {
  it(`has at most ${WORDS_MAX} words and ten decisions`, () => {
    expect(countWords(page)).toBeLessThanOrEqual(WORDS_MAX);
    expect(sectionOf('Ten decisions').match(/^- \*\*/gm)).toHaveLength(10);
  });

  it('has a room for each import rule, and a rule for each room', () => {
    expect(rooms.length).toBeGreaterThan(15);
    expect(rooms.filter(({ path }) => layersOf(path).length !== 1).map(({ path }) => path)).toEqual([]);
    expect(rooms.filter(({ path }) => !existsSync(join(ROOT, path))).map(({ path }) => path)).toEqual([]);
    const named = new Set(rooms.flatMap(({ path }) => layersOf(path)));
    // The types that are made of Atlas' schema may know Atlas.
    const nameless = layers.filter((layer) => !named.has(layer) && !layer.path.includes('generated/atlas'));
    expect(nameless).toEqual([]);
  });

  it.each(rooms)('says what $path may import', ({ path, imports }) => {
    const index = rooms.findIndex((room) => room.path === path);
    const beneath = rooms.slice(index + 1).map((room) => shortNameOf(room.path));
    const others = rooms.filter((room) => room.path !== path);
    const allowed = others.filter((room) => mayImport(path, room.path)).map((room) => shortNameOf(room.path));
    const named = imports.match(/(?<=`)[\w/]+(?=`)/g) ?? [];
    const said = imports === 'nothing' ? [] : imports === 'all beneath' ? beneath : named;
    expect([...said].sort()).toEqual([...allowed].sort());
    // Types that are made by a program name what they are types of.
    if (path !== 'src/generated/') expect(allowed.filter((room) => !beneath.includes(room))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';
import type { CountryRecord } from '../../../src/demo/loadAtlas.js';
import { countriesOf } from '../../../src/demo/atlasArguments.js';
import { countriesCsv } from '../../../src/demo/countriesCsv.js';
import { seededRandom } from '../../support/seededRandom.js';

const HEADER = 'code,name,capital,region,population,area\r\n';

const nowhere: CountryRecord = {
  code: 'XX',
  name: 'Nowhere',
  capital: [],
  continent: 'Europe',
  region: null,
  population: 0,
  areaKm2: null,
  borderCodes: [],
};

/** A reader of RFC 4180, as strict as its grammar. */
function readCsv(text: string): readonly (readonly string[])[] {
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  const rows: string[][] = [[]];
  for (const [, raw = '', end] of text.matchAll(cell)) {
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  expect(text.replaceAll(cell, '')).toBe('');
  return rows.slice(0, -1);
}

describe('countries as CSV', () => {
  it('are a header line and a line for each country, each ended by CRLF', () => {
    const countries = countriesOf(loadAtlas(), 'Africa').filter((country) => ['SH', 'ZA'].includes(country.code));
    expect(countriesCsv(countries)).toBe(
      HEADER +
        'SH,"Saint Helena, Ascension and Tristan da Cunha",Jamestown,Western Africa,7943,394\r\n' +
        'ZA,South Africa,Pretoria; Bloemfontein; Cape Town,Southern Africa,60442600,1221037\r\n',
    );
  });

  it('have an empty cell for what is not known', () => {
    expect(countriesCsv([nowhere])).toBe(`${HEADER}XX,Nowhere,,,0,\r\n`);
  });

  it.each([
    ['a comma', 'Here, there', '"Here, there"'],
    ['a quote', 'The "Republic"', '"The ""Republic"""'],
    ['a line break', 'Upper\nLower', '"Upper\nLower"'],
    ['a carriage return', 'Upper\rLower', '"Upper\rLower"'],
    ['nothing special', "Côte d'Ivoire", "Côte d'Ivoire"],
  ])('quote a name with %s as RFC 4180 wants it', (_what, name, cell) => {
    expect(countriesCsv([{ ...nowhere, name }])).toBe(`${HEADER}XX,${cell},,,0,\r\n`);
  });

  it('give every name back to a reader of RFC 4180', () => {
    const random = seededRandom(4180);
    const letters = ['a', '"', ',', '\r', '\n', ' ', 'é'];
    const names = Array.from({ length: 500 }, () =>
      Array.from({ length: Math.floor(6 * random()) }, () => letters[Math.floor(letters.length * random())]).join(''),
    );
    const rows = readCsv(countriesCsv(names.map((name) => ({ ...nowhere, name }))));
    expect(rows.slice(1)).toEqual(names.map((name) => ['XX', name, '', '', '0', '']));
  });

  it('have all countries, continent by continent', () => {
    const { continents, countries } = loadAtlas();
    expect(continents).toEqual(['Africa', 'Americas', 'Antarctic', 'Asia', 'Europe', 'Oceania']);
    const codes = continents.flatMap((continent) =>
      readCsv(countriesCsv(countriesOf(loadAtlas(), continent))).slice(1),
    );
    expect(codes.map(([code]) => code).sort()).toEqual(countries.map((country) => country.code));
  });
});

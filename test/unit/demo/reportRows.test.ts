import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';
import { reportRows } from '../../../src/demo/reportRows.js';
import { badInput } from './badInput.js';

const atlas = loadAtlas();

describe('a report', () => {
  it('has the figures that all cities of the country add up to', () => {
    for (const { code, name } of atlas.countries) {
      const cities = atlas.cities.filter((city) => city.country.code === code);
      const largest = Math.max(...cities.map((city) => city.population));
      const [row] = reportRows(atlas, [code]);
      expect(row).toEqual({
        code,
        name,
        cityCount: cities.length,
        cityPopulation: cities.reduce((sum, city) => sum + city.population, 0),
        largestCity: cities.length === 0 ? null : expect.any(String),
        largestCityPopulation: cities.length === 0 ? null : largest,
      });
    }
  });

  it('names the largest city', () => {
    const rows = reportRows(atlas, ['AT', 'FJ', 'VA', 'BV']);
    expect(rows.map((row) => row.largestCity)).toEqual(['Vienna', 'Suva', 'Vatican City', null]);
  });

  it('has one row a country in the order asked, however often and in whatever case it is named', () => {
    const rows = reportRows(atlas, ['FJ', 'at', 'AT', 'FJ']);
    expect(rows.map((row) => row.code)).toEqual(['FJ', 'AT']);
  });

  it.each([
    [[], 'A report needs at least one country.'],
    [['AT', 'ZZ'], 'There is no country with the code "ZZ".'],
    [Array<string>(251).fill('AT'), 'A report takes up to 250 countries, not 251.'],
  ])('fails as a whole on bad codes', (codes, message) => {
    expect(badInput(() => reportRows(atlas, codes))).toEqual({ argument: 'countryCodes', message });
  });
});

import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';

const atlas = loadAtlas();

describe('the data of Atlas', () => {
  it('is loaded once', () => {
    expect(loadAtlas()).toBe(atlas);
  });

  it('has the 250 countries of the source, in the order of their codes', () => {
    const codes = atlas.countries.map((country) => country.code);
    expect(codes).toHaveLength(250);
    expect(codes).toEqual([...new Set(codes)].sort());
    expect([...atlas.countryByCode.values()]).toEqual(atlas.countries);
  });

  it('has a country as its sources have it', () => {
    expect(atlas.countryByCode.get('AT')).toEqual({
      code: 'AT',
      name: 'Austria',
      capital: ['Vienna'],
      continent: 'Europe',
      region: 'Central Europe',
      population: 8_967_980,
      areaKm2: 83_871,
      borderCodes: ['CH', 'CZ', 'DE', 'HU', 'IT', 'LI', 'SI', 'SK'],
    });
  });

  it('has every population as a whole number that a GraphQL Int can hold', () => {
    const populations = [...atlas.countries, ...atlas.cities].map((place) => place.population);
    expect(populations.filter((count) => !(Number.isInteger(count) && count >= 0 && count < 2 ** 31))).toEqual([]);
  });

  it('has at most 16 borders to a country, which is what the schema assumes to price the fields beneath', () => {
    expect(Math.max(...atlas.countries.map((country) => country.borderCodes.length))).toBe(16);
  });

  it('keeps every place of the source, save those that are counted as dropped', () => {
    expect(atlas.cities.length).toBeGreaterThanOrEqual(100_000);
    expect(atlas.dropped).toEqual({ notACity: 4_856, unknownCountry: 0 });
    expect(atlas.cities.length + atlas.dropped.notACity + atlas.dropped.unknownCountry).toBe(135_233);
  });

  it('has every city once, in its country, the largest first', () => {
    const grouped = [...atlas.citiesByCountry].flatMap(([code, cities]) => {
      const populations = cities.map((city) => city.population);
      expect(populations).toEqual(populations.toSorted((a, b) => b - a));
      return cities.filter((city) => city.country === atlas.countryByCode.get(code));
    });
    expect(grouped).toHaveLength(atlas.cities.length);
    expect(new Set(grouped).size).toBe(atlas.cities.length);
  });

  it('has a country without cities too', () => {
    expect(atlas.citiesByCountry.get('BV')).toEqual([]);
  });
});

/** The countries and cities of Atlas in memory: loaded once, on first use, and never changed. */
import { readCities, readCountries, readPopulations } from './atlasSources.js';
import type { SourceCity, SourceCountry } from './atlasSources.js';
import { createCityIndex } from './cityIndex.js';
import type { CityIndex } from './cityIndex.js';

export interface CountryRecord {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly name: string;
  readonly capital: readonly string[];
  readonly continent: string;
  /** The part of the continent. */
  readonly region: string | null;
  readonly population: number;
  readonly areaKm2: number | null;
  readonly borderCodes: readonly string[];
}

export interface CityRecord {
  readonly name: string;
  /** 0 where GeoNames has no figure. */
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  readonly country: CountryRecord;
}

export interface Atlas {
  /** In the order of their codes. */
  readonly countries: readonly CountryRecord[];
  readonly countryByCode: ReadonlyMap<string, CountryRecord>;
  readonly continents: readonly string[];
  readonly cities: readonly CityRecord[];
  /** By country code, the largest city first. Has every country, also one without cities. */
  readonly citiesByCountry: ReadonlyMap<string, readonly CityRecord[]>;
  readonly cityIndex: CityIndex<CityRecord>;
  /** How many places of the source are left out, and why. */
  readonly dropped: { readonly notACity: number; readonly unknownCountry: number };
}

/**
 * Sections of a city (`PPLX`), which would count its people twice, and places that are abandoned (`PPLQ`), destroyed
 * (`PPLW`) or historical (`PPLH`, `PPLCH`).
 */
const NOT_A_CITY: ReadonlySet<string> = new Set(['PPLX', 'PPLQ', 'PPLW', 'PPLH', 'PPLCH']);

let atlas: Atlas | undefined;

/** Blocks for some 400 ms the first time; a server that calls it before it listens spares its first client the wait. */
export function loadAtlas(): Atlas {
  atlas ??= buildAtlas();
  return atlas;
}

function buildAtlas(): Atlas {
  const countries = buildCountries(readCountries(), readPopulations());
  const countryByCode = new Map(countries.map((country) => [country.code, country]));
  const { cities, dropped } = buildCities(readCities(), countryByCode);
  return {
    countries,
    countryByCode,
    continents: [...new Set(countries.map((country) => country.continent))].sort(),
    cities,
    citiesByCountry: groupByCountry(countries, cities),
    cityIndex: createCityIndex(cities),
    dropped,
  };
}

function buildCountries(
  sources: readonly SourceCountry[],
  populations: ReadonlyMap<string, number>,
): readonly CountryRecord[] {
  const codeByAlpha3 = new Map(sources.map((source) => [source.cca3, source.cca2]));
  return sources
    .map((source) => ({
      code: source.cca2,
      name: source.name.common,
      capital: source.capital,
      continent: source.region,
      region: source.subregion === '' ? null : source.subregion,
      population: known(populations, source.cca2),
      // The source has -1 where it has no figure.
      areaKm2: source.area < 0 ? null : source.area,
      borderCodes: source.borders.map((alpha3) => known(codeByAlpha3, alpha3)).sort(),
    }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

function buildCities(
  sources: readonly SourceCity[],
  countryByCode: ReadonlyMap<string, CountryRecord>,
): Pick<Atlas, 'cities' | 'dropped'> {
  const cities: CityRecord[] = [];
  const dropped = { notACity: 0, unknownCountry: 0 };
  for (const { name, country: code, featureCode, population, loc } of sources) {
    const country = countryByCode.get(code);
    const [lon, lat] = loc.coordinates;
    if (NOT_A_CITY.has(featureCode)) dropped.notACity += 1;
    else if (country === undefined) dropped.unknownCountry += 1;
    else cities.push({ name, population, lat, lon, country });
  }
  return { cities, dropped };
}

function groupByCountry(
  countries: readonly CountryRecord[],
  cities: readonly CityRecord[],
): ReadonlyMap<string, readonly CityRecord[]> {
  const groups = new Map<string, CityRecord[]>(countries.map((country) => [country.code, []]));
  for (const city of cities) known(groups, city.country.code).push(city);
  // Array.prototype.sort is stable: cities of one size stay in the order of the source.
  for (const group of groups.values()) group.sort((a, b) => b.population - a.population);
  return groups;
}

function known<Value>(map: ReadonlyMap<string, Value>, code: string): Value {
  const value = map.get(code);
  if (value === undefined) throw new Error(`The packages that Atlas is made of disagree: one of them lacks ${code}.`);
  return value;
}

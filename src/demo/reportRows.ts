/** The paid report: the cities of some countries in figures. */
import type { Atlas, CountryRecord } from './loadAtlas.js';
import { findCountry } from './atlasArguments.js';
import { badUserInput } from './badUserInput.js';

const COUNTRIES_MAX = 250;

export interface ReportRecord {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly rows: readonly ReportRowRecord[];
}

export interface ReportRowRecord {
  readonly code: string;
  readonly name: string;
  readonly cityCount: number;
  readonly cityPopulation: number;
  readonly largestCity: string | null;
  readonly largestCityPopulation: number | null;
}

/** One row a country, in the order asked, however often it is named. Fails as a whole where one code is unknown. */
export function reportRows(atlas: Atlas, countryCodes: readonly string[]): readonly ReportRowRecord[] {
  if (countryCodes.length === 0) throw badUserInput('countryCodes', 'A report needs at least one country.');
  if (countryCodes.length > COUNTRIES_MAX) {
    throw badUserInput('countryCodes', `A report takes up to ${COUNTRIES_MAX} countries, not ${countryCodes.length}.`);
  }
  const countries = new Set(countryCodes.map((code) => countryOf(atlas, code)));
  return [...countries].map((country) => rowOf(atlas, country));
}

function countryOf(atlas: Atlas, code: string): CountryRecord {
  const country = findCountry(atlas, code);
  if (country === null) throw badUserInput('countryCodes', `There is no country with the code "${code}".`);
  return country;
}

function rowOf(atlas: Atlas, country: CountryRecord): ReportRowRecord {
  const cities = atlas.citiesByCountry.get(country.code) ?? [];
  const largest = cities[0];
  return {
    code: country.code,
    name: country.name,
    cityCount: cities.length,
    cityPopulation: cities.reduce((sum, city) => sum + city.population, 0),
    largestCity: largest?.name ?? null,
    largestCityPopulation: largest?.population ?? null,
  };
}

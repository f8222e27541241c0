/** Checks of arguments that a schema can't express. Each throws an error that names the argument and what it may be. */
import type { Atlas, CountryRecord } from './loadAtlas.js';
import { badUserInput } from './badUserInput.js';
import type { Point } from './cityIndex.js';

export function checkWithin(argument: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  const range = `from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
  throw badUserInput(argument, `"${argument}" must be ${range}, and is ${value}.`);
}

export function checkPoint({ lat, lon }: Point): Point {
  return { lat: checkWithin('lat', lat, -90, 90), lon: checkWithin('lon', lon, -180, 180) };
}

export function findCountry(atlas: Atlas, code: string): CountryRecord | null {
  return atlas.countryByCode.get(code.toUpperCase()) ?? null;
}

export function countriesOf(atlas: Atlas, continent: string): readonly CountryRecord[] {
  const wanted = continent.toLowerCase();
  const countries = atlas.countries.filter((country) => country.continent.toLowerCase() === wanted);
  if (countries.length > 0) return countries;
  throw badUserInput('continent', `There is no continent "${continent}". Known are ${atlas.continents.join(', ')}.`);
}

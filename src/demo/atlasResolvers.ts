/**
 * The resolvers of Atlas. All of them are synchronous: what they read is in memory. What a field costs is said in
 * schema/atlas.graphql and enforced by the paywall; here a paid list only reports how many items it really has.
 */
import type { GraphQLResolveInfo } from 'graphql';
import { nanoid } from 'nanoid';
import type { Resolvers } from '../generated/atlasTypes.js';
import { payment } from '../paywall/gate/payment.js';
import { checkPoint, checkWithin, countriesOf, findCountry } from './atlasArguments.js';
import { loadAtlas } from './loadAtlas.js';
import type { CityRecord, CountryRecord } from './loadAtlas.js';
import { distanceKm } from './cityIndex.js';
import { countriesCsv } from './countriesCsv.js';
import { pageOfCountries } from './pageOfCountries.js';
import { reportRows } from './reportRows.js';

const CITIES_MAX = 1_000;

export const atlasResolvers: Resolvers = {
  Query: {
    country: (_source, { code }) => findCountry(loadAtlas(), code),
    countries: (_source, { continent, first, after }) => {
      const atlas = loadAtlas();
      const countries = continent == null ? atlas.countries : countriesOf(atlas, continent);
      return pageOfCountries(countries, first, after ?? null);
    },
    nearest: (_source, { lat, lon, first }, _context, info) => {
      const point = checkPoint({ lat, lon });
      return settled(info, loadAtlas().cityIndex.nearest(point, checkWithin('first', first, 1, CITIES_MAX)));
    },
    export: (_source, { continent }) => countriesCsv(countriesOf(loadAtlas(), continent)),
  },
  Mutation: {
    orderReport: (_source, { countryCodes }) => ({
      id: nanoid(),
      createdAt: new Date().toISOString(),
      rows: reportRows(loadAtlas(), countryCodes),
    }),
  },
  Country: {
    borders: ({ borderCodes }) => borderCodes.map((code) => loadAtlas().countryByCode.get(code)).filter(isKnown),
    cities: ({ code }, { first }, _context, info) => {
      const countMax = checkWithin('first', first, 1, CITIES_MAX);
      return settled(info, (loadAtlas().citiesByCountry.get(code) ?? []).slice(0, countMax));
    },
  },
  City: {
    distance: (city, point) => distanceKm(city, checkPoint(point)),
  },
};

/** A list that is shorter than asked for costs less than quoted. */
function settled(info: GraphQLResolveInfo, cities: readonly CityRecord[]): readonly CityRecord[] {
  payment.report(info, cities.length);
  return cities;
}

function isKnown(country: CountryRecord | undefined): country is CountryRecord {
  return country !== undefined;
}

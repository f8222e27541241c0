import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';
import type { CityRecord } from '../../../src/demo/loadAtlas.js';
import { createCityIndex, distanceKm } from '../../../src/demo/cityIndex.js';
import type { Point } from '../../../src/demo/cityIndex.js';
import { seededRandom } from '../../support/seededRandom.js';

const SEED = 20_260;
const EARTH_RADIUS_KM = 6_371;
const { cities, cityIndex } = loadAtlas();

const vectors = cities.map(vectorOf);

/** The distances found by measuring the way to every city, along chords, which shares nothing with the index. */
function nearestByScan(point: Point, count: number): readonly number[] {
  const [x, y, z] = vectorOf(point);
  const chords = Float64Array.from(vectors, ([cx, cy, cz]) => Math.hypot(x - cx, y - cy, z - cz));
  return [...chords.sort().subarray(0, count)].map((chord) => 2 * EARTH_RADIUS_KM * Math.asin(chord / 2));
}

function vectorOf({ lat, lon }: Point): readonly [number, number, number] {
  const [phi, lambda] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

function expectNearest(point: Point, count: number): readonly CityRecord[] {
  const found = cityIndex.nearest(point, count);
  const distances = found.map((city) => Number(distanceKm(point, city).toFixed(6)));
  expect(distances, `around ${point.lat}, ${point.lon}`).toEqual(
    nearestByScan(point, count).map((km) => Number(km.toFixed(6))),
  );
  expect(new Set(found).size).toBe(count);
  return found;
}

describe('the cities nearest to a point', () => {
  it('are those that a scan of all cities finds: Vienna', () => {
    const found = expectNearest({ lat: 48.2, lon: 16.37 }, 10);
    expect(found[0]).toMatchObject({ name: 'Vienna', country: { code: 'AT' } });
  });

  it('are on both sides of the antimeridian: Fiji', () => {
    const found = expectNearest({ lat: -16.8, lon: 180 }, 20);
    expect(found.map((city) => city.country.code)).toContain('FJ');
    expect(found.some((city) => city.lon < 0) && found.some((city) => city.lon > 0)).toBe(true);
    expect(cityIndex.nearest({ lat: -16.8, lon: -180 }, 20)).toEqual(found);
  });

  it.each([90, 89.9, -89.9, -90])('are at all longitudes near a pole: latitude %d', (lat) => {
    for (const lon of [-180, -90, 0, 90, 180]) expectNearest({ lat, lon }, 10);
  });

  it('are those that a scan finds anywhere', () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 25; round += 1) {
      // Uniform on the sphere, so that poles are not favoured.
      const lat = (Math.asin(2 * random() - 1) * 180) / Math.PI;
      expectNearest({ lat, lon: 360 * random() - 180 }, 1 + Math.floor(40 * random()));
    }
  });

  it('are all there are where more are asked for', () => {
    const index = createCityIndex([
      { lat: 0, lon: 1 },
      { lat: 0, lon: -179 },
    ]);
    expect(index.nearest({ lat: 0, lon: 179 }, 5)).toEqual([
      { lat: 0, lon: -179 },
      { lat: 0, lon: 1 },
    ]);
  });
});

describe('the distance', () => {
  it('is the great circle in kilometres', () => {
    expect(distanceKm({ lat: 48.20849, lon: 16.37208 }, { lat: 52.52437, lon: 13.41053 })).toBeCloseTo(523.6, 0);
    expect(distanceKm({ lat: 0, lon: 179 }, { lat: 0, lon: -179 })).toBeCloseTo(
      (2 * Math.PI * EARTH_RADIUS_KM) / 180,
      6,
    );
    expect(distanceKm({ lat: 10, lon: 20 }, { lat: 10, lon: 20 })).toBe(0);
  });

  it('is half the circumference between antipodes', () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 1_000; round += 1) {
      const from = { lat: 180 * random() - 90, lon: 180 * random() };
      expect(distanceKm(from, { lat: -from.lat, lon: from.lon - 180 })).toBeCloseTo(Math.PI * EARTH_RADIUS_KM, 2);
    }
  });
});

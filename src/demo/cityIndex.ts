/** A spatial index of cities: a k-d tree searched by great circle distance, so that it holds at poles and antimeridian. */
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';

/** Degrees, north and east positive. */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

export interface CityIndex<City extends Point> {
  /** The `countMax` cities closest to the point, the closest first; fewer only where there are fewer. */
  nearest(point: Point, countMax: number): readonly City[];
}

export function createCityIndex<City extends Point>(cities: readonly City[]): CityIndex<City> {
  const tree = new KDBush(cities.length);
  for (const city of cities) tree.add(city.lon, city.lat);
  tree.finish();

  return {
    nearest: ({ lat, lon }, countMax) =>
      around(tree, lon, lat, countMax)
        .map((position) => cities[position])
        .filter((city) => city !== undefined),
  };
}

/** The way along the great circle, in kilometres. */
export function distanceKm(from: Point, to: Point): number {
  return distance(from.lon, from.lat, to.lon, to.lat);
}

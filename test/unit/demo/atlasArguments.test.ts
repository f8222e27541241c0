import { describe, expect, it } from 'vitest';
import { checkPoint, checkWithin, countriesOf, findCountry } from '../../../src/demo/atlasArguments.js';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';
import { badInput } from './badInput.js';

describe('arguments', () => {
  it('may be at their limits', () => {
    expect(checkPoint({ lat: -90, lon: 180 })).toEqual({ lat: -90, lon: 180 });
    expect(checkPoint({ lat: 90, lon: -180 })).toEqual({ lat: 90, lon: -180 });
    expect(checkWithin('first', 1_000, 1, 1_000)).toBe(1_000);
  });

  it.each([
    ['lat', '"lat" must be from -90 to 90, and is 90.1.', () => checkPoint({ lat: 90.1, lon: 0 })],
    ['lat', '"lat" must be from -90 to 90, and is NaN.', () => checkPoint({ lat: Number.NaN, lon: 0 })],
    ['lon', '"lon" must be from -180 to 180, and is -180.5.', () => checkPoint({ lat: 0, lon: -180.5 })],
    ['first', '"first" must be from 1 to 1,000, and is 1001.', () => checkWithin('first', 1_001, 1, 1_000)],
    [
      'continent',
      'There is no continent "Atlantis". Known are Africa, Americas, Antarctic, Asia, Europe, Oceania.',
      () => countriesOf(loadAtlas(), 'Atlantis'),
    ],
  ])('are refused by name beyond their limits: %s, %s', (argument, message, call) => {
    expect(badInput(call)).toEqual({ argument, message });
  });

  it('find a country by its code in either case, and nothing by another code', () => {
    expect(findCountry(loadAtlas(), 'at')?.name).toBe('Austria');
    expect(findCountry(loadAtlas(), 'XK')?.name).toBe('Kosovo');
    expect(findCountry(loadAtlas(), 'ZZ')).toBeNull();
    expect(findCountry(loadAtlas(), '__proto__')).toBeNull();
  });
});

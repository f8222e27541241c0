import { describe, expect, it } from 'vitest';
import { packId, planId } from '../../../src/domain/ids.js';
import { lookupKeyOf, offerOfLookupKey, packFaults, priceOfCredits } from '../../../src/domain/offer.js';
import type { Pack } from '../../../src/domain/offer.js';
import { stepPack } from '../../../src/domain/stepPack.js';
import type { PackStep } from '../../../src/domain/stepPack.js';
import { pack } from '../../support/payments.js';

describe('a pack', () => {
  it('is sound, with credits that expire and with credits that don’t', () => {
    expect(packFaults(pack())).toEqual([]);
    expect(packFaults(pack({ expiresAfterDays: null }))).toEqual([]);
  });

  it.each<[string, Partial<Pack>, string]>([
    ['an id with capitals', { id: packId('Small') }, 'id'],
    ['version 0', { version: 0 }, 'version'],
    ['half a version', { version: 1.5 }, 'version'],
    ['no name', { name: ' ' }, 'name'],
    ['a negative price', { price: { amountMinor: -1, currency: 'EUR' } }, 'price.amountMinor'],
    ['no price', { price: { amountMinor: 0, currency: 'EUR' } }, 'price.amountMinor'],
    ['no currency that is in use', { price: { amountMinor: 1, currency: 'XXX' } }, 'price.currency'],
    ['no credits', { credits: 0 }, 'credits'],
    ['half a credit', { credits: 0.5 }, 'credits'],
    ['no day', { expiresAfterDays: 0 }, 'expiresAfterDays'],
    ['half a day', { expiresAfterDays: 0.5 }, 'expiresAfterDays'],
    ['more than ten years', { expiresAfterDays: 3651 }, 'expiresAfterDays'],
  ])('with %s says so', (_what, changes, argument) => {
    expect(packFaults(pack(changes)).map((fault) => fault.argument)).toEqual([argument]);
  });
});

describe('the versions of a pack', () => {
  const { id, name, credits, price, expiresAfterDays } = pack();
  const content = { name, credits, price, expiresAfterDays };
  const [first, archived] = [pack(), pack({ version: 2, status: 'ARCHIVED' })];
  const dear = { ...content, price: { amountMinor: 9, currency: 'EUR' } };

  it.each<[string, PackStep, readonly Pack[], Pack]>([
    ['a new one', { kind: 'PUBLISH', id, content }, [], first],
    ['an edit', { kind: 'EDIT', base: 1, content: dear }, [first], { ...first, version: 2, price: dear.price }],
    ['back on sale', { kind: 'EDIT', base: 2, content }, [archived, first], { ...first, version: 3 }],
    ['archived', { kind: 'ARCHIVE', base: 1 }, [first], archived],
  ])('go on: %s', (_name, step, versions, expected) => {
    expect(stepPack(versions, step)).toEqual({ ok: true, pack: expected });
  });

  it.each<[string, PackStep, readonly Pack[], string]>([
    ['published twice', { kind: 'PUBLISH', id, content }, [archived], 'ALREADY_PUBLISHED'],
    ['no pack', { kind: 'ARCHIVE', base: 1 }, [], 'UNKNOWN_PACK'],
    ['not the newest', { kind: 'EDIT', base: 1, content }, [first, archived], 'STALE'],
    ['archived twice', { kind: 'ARCHIVE', base: 2 }, [first, archived], 'ALREADY_ARCHIVED'],
  ])('do not: %s', (_name, step, versions, fault) => {
    expect(stepPack(versions, step)).toEqual({ ok: false, fault });
  });

  it('say everything that is wrong with what they should become', () => {
    const stepped = stepPack([], { kind: 'PUBLISH', id, content: { ...content, name: '', credits: 0 } });
    expect(stepped).toMatchObject({ fault: 'UNSOUND', faults: [{ argument: 'name' }, { argument: 'credits' }] });
  });
});

describe('any number of credits', () => {
  const price = { amountMinor: 5, currency: 'EUR', forCredits: 3 };

  it('costs its part of the price, rounded up', () => {
    expect(priceOfCredits(price, 3)).toEqual({ amountMinor: 5, currency: 'EUR' });
    expect(priceOfCredits(price, 4)).toEqual({ amountMinor: 7, currency: 'EUR' });
    expect(priceOfCredits(price, 1)).toEqual({ amountMinor: 2, currency: 'EUR' });
  });

  it('has no price that can’t be counted', () => {
    expect(priceOfCredits({ ...price, amountMinor: Number.MAX_SAFE_INTEGER }, 9)).toBeNull();
  });
});

describe('a provider’s lookup key', () => {
  it('names one version of one offer, a pack never a plan of its name', () => {
    const plan = { kind: 'PLAN', planId: planId('pro-2'), version: 12 } as const;
    const small = { kind: 'PACK', packId: packId('pro-2'), version: 12 } as const;
    expect(lookupKeyOf(plan)).toBe('tollgate:pro-2:v12');
    expect(lookupKeyOf(small)).toBe('tollgate:pack/pro-2:v12');
    expect([plan, small].map((each) => offerOfLookupKey(lookupKeyOf(each)))).toEqual([plan, small]);
  });

  it.each([
    '',
    'tollgate:pro',
    'tollgate:pro:v0',
    'tollgate:pro:v1 ',
    'other:pro:v1',
    'tollgate:box/pro:v1',
    'tollgate:Pro:v1',
  ])('that is none of ours is none: %j', (key) => {
    expect(offerOfLookupKey(key)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { autoTopUpDue, stopAutoTopUp } from '../../../src/domain/autoTopUp.js';
import type { TopUpTerms } from '../../../src/domain/autoTopUp.js';
import { packId } from '../../../src/domain/ids.js';
import { at } from '../../support/domain.js';
import { pack } from '../../support/payments.js';

/** Half an hour into February in Berlin, still January in UTC. */
const NOW = at('2025-01-31T23:30:00.000Z');
const settings = { belowCredits: 10, packId: packId('small'), purchasesPerMonthMax: 2, stopped: null };
const bought = { origin: 'AUTO_TOP_UP', status: 'PAID', createdAt: NOW - 1 } as const;

const due = (changes: Partial<TopUpTerms>) =>
  autoTopUpDue({ settings, available: 9, pack: pack(), purchases: [], timeZone: 'UTC', ...changes }, NOW);

describe('an automatic top-up', () => {
  it('is due below the threshold, and not at it', () => {
    expect(due({})).toEqual({ due: true, pack: pack(), key: 'auto-top-up/2025-01/1' });
    expect(due({ available: 10 })).toEqual({ due: false, why: 'ENOUGH' });
  });

  it.each<[string, Partial<TopUpTerms>, string]>([
    ['it is off', { settings: null }, 'OFF'],
    ['it has stopped', { settings: { ...settings, stopped: { at: 1, why: 'DECLINED' } } }, 'STOPPED'],
    ['one is under way', { purchases: [{ ...bought, status: 'OPEN' }] }, 'UNDER_WAY'],
    ['a bank is waited for', { purchases: [{ ...bought, status: 'PENDING' }] }, 'UNDER_WAY'],
    ['the month has had its share', { purchases: [bought, bought] }, 'MONTH_FULL'],
    ['the pack is no longer on sale', { pack: null }, 'PACK_GONE'],
  ])('is not due where %s', (_name, changes, why) => {
    expect(due(changes)).toEqual({ due: false, why });
  });

  it('counts its own purchases in the month of the account’s calendar, and names the next one after all of them', () => {
    const others = [
      { ...bought, origin: 'CHECKOUT' } as const,
      { ...bought, status: 'FAILED' } as const,
      { ...bought, createdAt: at('2024-12-31T23:59:59.000Z') },
      bought,
    ];
    expect(due({ purchases: others })).toMatchObject({ due: true, key: 'auto-top-up/2025-01/3' });
    const early = { ...bought, createdAt: at('2025-01-31T22:59:59.000Z') };
    expect(due({ purchases: [early, early], timeZone: 'Europe/Berlin' })).toMatchObject({
      key: 'auto-top-up/2025-02/1',
    });
  });

  it('stops for a reason, and the first one stays', () => {
    const stopped = stopAutoTopUp(settings, 'CARD_EXPIRED', NOW);
    expect(stopped).toEqual({ ...settings, stopped: { at: NOW, why: 'CARD_EXPIRED' } });
    expect(stopAutoTopUp(stopped, 'DECLINED', NOW + 1)).toBe(stopped);
  });
});

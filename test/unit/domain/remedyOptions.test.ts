import { describe, expect, it } from 'vitest';
import { packId, planId } from '../../../src/domain/ids.js';
import type { Pack } from '../../../src/domain/offer.js';
import { remedyOptionId, remedyOptions } from '../../../src/domain/remedyOptions.js';
import type { RemedyTerms } from '../../../src/domain/remedyOptions.js';
import type { RefusalReason } from '../../../src/domain/refusal.js';
import { allowance, NOW, plan, PRO, subscription } from '../../support/domain.js';

const pack = (id: string, credits: number): Pack => ({
  id: packId(id),
  version: 1,
  name: id,
  status: 'ACTIVE',
  credits,
  price: { amountMinor: credits, currency: 'EUR' },
  expiresAfterDays: null,
});
const pro = plan({
  features: [allowance('geocoding', { whenExhausted: 'REFUSE' }), allowance('cities', { whenExhausted: 'CREDITS' })],
});
const max = plan({ id: planId('max') });
const nobody: RemedyTerms = {
  provider: 'stripe',
  subscription: null,
  state: null,
  plan: null,
  offers: [pro, max],
  packs: [pack('large', 1_000), pack('small', 10), pack('medium', 100)],
  shortfall: 50,
};
const own = subscription({ planId: PRO });
const kept = { ...own, keptBy: { provider: 'stripe', id: 'sub_1', createdAt: NOW } };

const idsFor = (reason: RefusalReason, terms: Partial<RemedyTerms> = {}, feature: string | null = 'geocoding') =>
  remedyOptions([{ reason, feature, plans: [PRO, planId('max')] }], { ...nobody, ...terms }).map(remedyOptionId);

describe('what puts a refusal right', () => {
  it('is a pack, those that suffice first and the smallest of them first, or a plan, where funds are missing', () => {
    expect(idsFor('INSUFFICIENT_FUNDS')).toEqual([
      'PACK/medium',
      'PACK/large',
      'PACK/small',
      'SUBSCRIBE/pro',
      'SUBSCRIBE/max',
    ]);
    const [first, , last] = remedyOptions([{ reason: 'INSUFFICIENT_FUNDS', feature: null, plans: [] }], nobody);
    expect([first, last]).toMatchObject([{ suffices: true }, { suffices: false }]);
  });

  it.each(['SUBSCRIPTION_REQUIRED', 'PLAN_UPGRADE_REQUIRED'] as const)('is a plan for %s', (reason) => {
    expect(idsFor(reason)).toEqual(['SUBSCRIBE/pro', 'SUBSCRIBE/max']);
  });

  it('is a change to another plan of a subscription that runs at the provider, and of no other', () => {
    const active = { state: 'ACTIVE', plan: pro } as const;
    expect(idsFor('PLAN_UPGRADE_REQUIRED', { ...active, subscription: kept })).toEqual(['CHANGE_PLAN/max']);
    expect(idsFor('PLAN_UPGRADE_REQUIRED', { ...active, subscription: own })).toEqual([
      'SUBSCRIBE/pro',
      'SUBSCRIBE/max',
    ]);
    const ended = { state: 'CANCELED', plan: pro, subscription: kept } as const;
    expect(idsFor('PLAN_UPGRADE_REQUIRED', ended)).toEqual(['SUBSCRIBE/pro', 'SUBSCRIBE/max']);
    expect(idsFor('PLAN_UPGRADE_REQUIRED', { ...ended, state: null })).toEqual(['SUBSCRIBE/pro', 'SUBSCRIBE/max']);
  });

  it('is another plan where a limit is reached, and credits where the plan lets them take over', () => {
    const active = { state: 'ACTIVE', plan: pro, subscription: kept, packs: [pack('small', 10)] } as const;
    expect(idsFor('LIMIT_REACHED', active)).toEqual(['CHANGE_PLAN/max']);
    expect(idsFor('LIMIT_REACHED', active, 'cities')).toEqual(['PACK/small', 'CHANGE_PLAN/max']);
    expect(idsFor('LIMIT_REACHED', active, 'unknown')).toEqual(['CHANGE_PLAN/max']);
    expect(idsFor('LIMIT_REACHED', { ...active, plan: null })).toEqual(['CHANGE_PLAN/max']);
  });

  it.each(['PAYMENT_METHOD_EXPIRED', 'PAYMENT_FAILED'] as const)(
    'is another card for %s, where the provider charges it, and else the plan anew',
    (reason) => {
      const unpaid = { state: 'UNPAID', plan: pro } as const;
      expect(idsFor(reason, { ...unpaid, subscription: kept })).toEqual(['UPDATE_PAYMENT_METHOD']);
      expect(idsFor(reason, { ...unpaid, subscription: own })).toEqual(['SUBSCRIBE/pro', 'SUBSCRIBE/max']);
    },
  );

  it('is the plan that one had, before others, once it has ended', () => {
    const had = { state: 'EXPIRED', plan: max, subscription: { ...own, planId: planId('max') } } as const;
    expect(idsFor('SUBSCRIPTION_EXPIRED', had)).toEqual(['SUBSCRIBE/max', 'SUBSCRIBE/pro']);
    expect(idsFor('SUBSCRIPTION_EXPIRED', { offers: [pro] })).toEqual(['SUBSCRIBE/pro']);
  });

  it.each(['KEY_BUDGET_REACHED', 'ACCOUNT_SUSPENDED', 'RATE_LIMITED'] as const)(
    'is nothing for sale for %s',
    (reason) => {
      expect(idsFor(reason)).toEqual([]);
    },
  );

  it('is offered once, whatever needs it', () => {
    const refused = [
      { reason: 'SUBSCRIPTION_REQUIRED', feature: 'a', plans: [PRO] },
      { reason: 'SUBSCRIPTION_REQUIRED', feature: 'b', plans: [PRO, planId('gone')] },
    ] as const;
    expect(remedyOptions(refused, nobody).map(remedyOptionId)).toEqual(['SUBSCRIBE/pro']);
  });
});

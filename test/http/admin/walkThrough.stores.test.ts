/** From nothing to a customer who is served, refused, refunded and gone: over HTTP, with no other means than the admin API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/period.js';
import { listAt, partAt } from '../../support/bodies.js';
import { OWNER, PLAN, textAt, World } from './world.js';
import { onEachStore } from '../../support/onEachStore.js';

const BOOKS = `query { account(id: "acme") { balance { available held } limits { feature used limit resetAt } }
  ledger(accountId: "acme", first: 100) { nodes { kind credits balanceAfter holdId coordinate } } }`;

onEachStore(({ name, database }) => {
  describe(`the walk through on ${name}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await World.open({ database });
    });
    afterAll(() => world.server.close());

    it('a customer’s way through everything that an operator does', async () => {
      const { query } = world.server;
      /** Balance, entries of the ledger (newest first) and what is used of the limit. */
      const books = async () => {
        const data = await world.ask(BOOKS);
        return {
          available: partAt(data, 'account', 'balance', 'available'),
          held: partAt(data, 'account', 'balance', 'held'),
          ledger: listAt(data, 'ledger', 'nodes').map((entry) => [partAt(entry, 'kind'), partAt(entry, 'credits')]),
          used: listAt(data, 'account', 'limits').map((each) => [partAt(each, 'used'), partAt(each, 'limit')]),
        };
      };
      const refusal = (reason: string, remedy: string) => ({
        status: 402,
        body: { errors: [{ extensions: { code: 'PAYMENT_REQUIRED', reason, remedy } }] },
      });

      // A plan is published, an account created, a key issued: the account has nothing yet.
      await world.do('createPlanDraft', { planId: 'pro', plan: PLAN });
      await world.do('publishPlan', { planId: 'pro', version: 1 });
      await world.do('createAccount', { id: 'acme', name: 'Acme Inc.' });
      const issued = await world.do('issueApiKey', { accountId: 'acme' });
      const key = textAt(issued, 'secret');
      expect(await query(key, '{ paid }')).toMatchObject(refusal('INSUFFICIENT_FUNDS', 'ADD_FUNDS'));
      expect(await books()).toEqual({ available: 0, held: 0, ledger: [], used: [] });

      // Subscribed, it is served, up to its limit of three.
      await world.do('startSubscription', { accountId: 'acme', planId: 'pro' });
      for (const used of [1, 2, 3]) {
        expect(await query(key, '{ paid }')).toMatchObject({
          status: 200,
          body: { data: { paid: 'paid' }, extensions: { payment: { charged: 0, balance: 0 } } },
        });
        expect(await books()).toEqual({ available: 0, held: 0, ledger: [], used: [[used, 3]] });
      }
      expect(await query(key, '{ paid }')).toMatchObject(refusal('LIMIT_REACHED', 'UPGRADE_PLAN'));

      // The plan is edited so that credits take over, the subscription moved to it, and credits granted.
      const features = [
        { feature: 'covered' },
        { feature: 'paid', limit: 3, per: 'BILLING_PERIOD', whenExhausted: 'CREDITS' },
      ];
      const plan = { ...PLAN, features };
      expect(
        await world.ask(
          `query ($plan: PlanInput!) { previewPlanEdit(planId: "pro", plan: $plan, accountId: "acme") {
        differences { aspect feature before after effect } stay gain lose lostFields { coordinate } } }`,
          { plan },
        ),
      ).toEqual({
        previewPlanEdit: {
          differences: [
            { aspect: 'WHEN_EXHAUSTED', feature: 'paid', before: 'REFUSE', after: 'CREDITS', effect: 'GAIN' },
          ],
          stay: 0,
          gain: 1,
          lose: 0,
          lostFields: [],
        },
      });
      await world.do('editPlan', { planId: 'pro', version: 2, plan });
      expect(await query(key, '{ paid }')).toMatchObject(refusal('LIMIT_REACHED', 'UPGRADE_PLAN'));
      const migrated = await world.do('migrateSubscriptions', { planId: 'pro', fromVersion: 2, toVersion: 3 });
      expect(migrated).toMatchObject({ moved: 1, missed: 0, hasMore: false });
      await world.do('grantCredits', { accountId: 'acme', credits: 12, reason: 'Goodwill' });
      expect(await query(key, '{ paid(units: 2) }')).toMatchObject({
        status: 200,
        body: { data: { paid: 'paid' }, extensions: { payment: { charged: 10, balance: 2 } } },
      });
      const served = [
        ['CHARGE', -10],
        ['GRANT', 12],
      ];
      expect(await books()).toEqual({ available: 2, held: 0, ledger: served, used: [[3, 3]] });

      // A part of the charge is given back, then the rest; more there is not.
      const data = await world.ask(BOOKS);
      const holdId = textAt(data, 'ledger', 'nodes', 0, 'holdId');
      await world.do('refundCharge', { accountId: 'acme', holdId, credits: 4, reason: 'Half of it was wrong' });
      expect(await books()).toMatchObject({ available: 6, ledger: [['REFUND', 4], ...served] });
      await world.do('refundCharge', { accountId: 'acme', holdId, reason: 'So was the rest' });
      expect(await books()).toMatchObject({ available: 12, ledger: [['REFUND', 6], ['REFUND', 4], ...served] });
      const tooMuch = await world.call('refundCharge', { accountId: 'acme', holdId, credits: 1, reason: 'And more' });
      expect(tooMuch.body).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT', argument: 'credits' } }] });

      // Canceled, what only the plan covered is refused, and what credits can buy is bought.
      world.clock += DAY_MS;
      await world.do('cancelSubscription', { accountId: 'acme', when: 'NOW' });
      expect(await query(key, '{ covered }')).toMatchObject(refusal('SUBSCRIPTION_EXPIRED', 'RENEW_SUBSCRIPTION'));
      await world.do('adjustCredits', { accountId: 'acme', credits: -12, reason: 'Closed' });
      expect(await query(key, '{ paid }')).toMatchObject(refusal('SUBSCRIPTION_EXPIRED', 'RENEW_SUBSCRIPTION'));
      expect(await books()).toMatchObject({ available: 0, held: 0 });

      // Every step is in the audit log, with what was there before and after, and no secret.
      const { body } = await world.server.admin(
        OWNER,
        '{ auditLog(last: 100) { nodes { mutation outcome code target operatorId before after arguments } } }',
      );
      const steps = listAt(body, 'data', 'auditLog', 'nodes');
      expect(steps.map((each) => [partAt(each, 'mutation'), partAt(each, 'target'), partAt(each, 'outcome')])).toEqual(
        expect.arrayContaining([
          ['createPlanDraft', 'plan/pro', 'OK'],
          ['publishPlan', 'plan/pro', 'OK'],
          ['createAccount', 'account/acme', 'OK'],
          ['issueApiKey', 'account/acme', 'OK'],
          ['startSubscription', 'account/acme', 'OK'],
          ['editPlan', 'plan/pro', 'OK'],
          ['migrateSubscriptions', 'plan/pro', 'OK'],
          ['grantCredits', 'account/acme', 'OK'],
          ['refundCharge', 'account/acme', 'OK'],
          ['refundCharge', 'account/acme', 'OK'],
          ['refundCharge', null, 'REFUSED'],
          ['cancelSubscription', 'account/acme', 'OK'],
          ['adjustCredits', 'account/acme', 'OK'],
        ]),
      );
      expect(steps).toHaveLength(13);
      const canceled = steps.find((each) => partAt(each, 'mutation') === 'cancelSubscription');
      expect(canceled).toMatchObject({ before: { cancelsAt: null }, after: { cancelsAt: world.clock } });
      expect(JSON.stringify(body)).not.toContain(key);
      expect(JSON.stringify(body)).not.toMatch(/secretHash|idempotencyKey/);
    });
  });
});

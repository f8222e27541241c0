/** Operations that show what the demo answers. The first of them are printed when it starts. */
import type { Example } from '../product.js';
import { DEMO_OWNER_KEY } from './demoKeys.js';

export const EXAMPLES: readonly Example[] = [
  {
    shows: 'Served free, without a key:',
    key: null,
    name: 'Free',
    selection: '{ country(code: "AT") { name capital } }',
  },
  {
    shows: 'Charged, 1 credit for each city that it finds:',
    key: 'demo-payg',
    name: 'Charged',
    selection: '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }',
  },
  {
    shows: 'Refused with 402, which says what is missing:',
    key: 'demo-free',
    name: 'Refused',
    selection: '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }',
  },
  {
    shows: 'Served in part: what is free is there, what is refused is null with an error:',
    key: 'demo-free',
    name: 'Partial',
    selection: '{ country(code: "AT") { name cities(first: 2) { name } } }',
  },
  {
    shows: 'Covered by a plan, up to its limit of 1,000 cities a day:',
    key: 'demo-pro',
    name: 'Covered',
    selection: '{ country(code: "AT") { cities(first: 5) { name population } } }',
  },
  {
    shows: 'What the account has, and what every paid field costs; free, always:',
    key: 'demo-pro',
    name: 'Billing',
    selection: `{ billing { account { id name } subscription { state } balance { available held }
      limits { feature used limit resetAt } terms { coordinate cost feature plans { id } } } }`,
  },
];

/** Of the admin API. */
export const ADMIN_EXAMPLES: readonly Example[] = [
  {
    shows: 'The accounts, and what they can spend:',
    key: DEMO_OWNER_KEY,
    name: 'Accounts',
    selection: '{ accounts(first: 10) { nodes { id name balance { available held } } } }',
  },
  {
    shows: 'The plans, and what they cover:',
    key: DEMO_OWNER_KEY,
    name: 'Plans',
    selection: '{ plans(first: 10) { nodes { id version name status features { feature limit per } } } }',
  },
  {
    shows: 'Gives an account 50 credits, however often it is sent:',
    key: DEMO_OWNER_KEY,
    type: 'mutation',
    name: 'Grant',
    selection: `{ grantCredits(accountId: "demo-free", credits: 50, reason: "A present", idempotencyKey: "present-1") {
      balance { available } entries { at kind credits } } }`,
  },
  {
    shows: 'Every movement of an account’s credits:',
    key: DEMO_OWNER_KEY,
    name: 'Ledger',
    selection:
      '{ ledger(accountId: "demo-free", first: 10) { nodes { at kind credits balanceAfter reason coordinate } } }',
  },
  {
    shows: 'Who did what:',
    key: DEMO_OWNER_KEY,
    name: 'AuditLog',
    selection: '{ auditLog(first: 10) { nodes { at operatorId mutation target outcome } } }',
  },
];

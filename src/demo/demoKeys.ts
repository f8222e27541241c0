/** The demo's keys. They are known to everybody, so they are valid in demo mode on a loopback address and nowhere else. */
import { accountId, operatorId } from '../domain/ids.js';
import type { AccountId } from '../domain/ids.js';
import type { Operator } from '../domain/operator.js';

export interface DemoAccount {
  /** Also the key that speaks for it. */
  readonly id: AccountId;
  readonly name: string;
  readonly credits: number;
  readonly subscription: 'none' | 'active' | 'unpaid';
}

export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { id: accountId('demo-free'), name: 'No subscription, no credits', credits: 0, subscription: 'none' },
  { id: accountId('demo-payg'), name: '100 credits, no subscription', credits: 100, subscription: 'none' },
  { id: accountId('demo-pro'), name: 'Plan pro, 500 credits', credits: 500, subscription: 'active' },
  {
    id: accountId('demo-lapsed'),
    name: 'Was on plan pro; its card expired and the grace is over',
    credits: 0,
    subscription: 'unpaid',
  },
];

export const demoKeys = (): ReadonlyMap<string, AccountId> => new Map(DEMO_ACCOUNTS.map(({ id }) => [id, id]));

/** The key of the demo's owner, which is not stored: it is good for nothing where the same database is no demo. */
export const DEMO_OWNER_KEY = 'demo-owner';

export const demoOperators = (): ReadonlyMap<string, Operator> => {
  const owner: Operator = {
    id: operatorId('demo-owner'),
    name: 'Owner of the demo',
    role: 'OWNER',
    secretHash: '',
    prefix: DEMO_OWNER_KEY.slice(0, 8),
    createdAt: 0,
    removedAt: null,
    version: 0,
  };
  return new Map([[DEMO_OWNER_KEY, owner]]);
};

import { expect, it } from 'vitest';
import { accountId, apiKeyId, grantId, holdId, planId, subscriptionId } from '../../../src/domain/ids.js';
import { commandEntryId, expiryEntryId, holdEntryId } from '../../../src/domain/ledger.js';

it('an id is the text that it was made of, whatever it looks like', () => {
  const text = ' $where/é\u0000"';
  const makers = [accountId, apiKeyId, grantId, holdId, planId, subscriptionId];
  expect(makers.map((make) => make(text))).toEqual(makers.map(() => text));
});

it('entries of different causes never share an id', () => {
  expect([
    commandEntryId('x', 0),
    commandEntryId('x', 1),
    holdEntryId(holdId('x'), 0),
    expiryEntryId(grantId('x'), 0),
  ]).toEqual(['command/x/0', 'command/x/1', 'hold/x/0', 'expiry/x/0']);
});

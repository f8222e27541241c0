/** An account's subscription follows the provider's, as it was fetched. */
import { signedBy } from '../../domain/act.js';
import { timeZoneOf } from '../../domain/account.js';
import type { AccountId } from '../../domain/ids.js';
import type { Instant } from '../../domain/period.js';
import type { Plan } from '../../domain/plan.js';
import { projectSubscription } from '../../domain/projectSubscription.js';
import type { ProvidedSubscription } from '../../domain/provided.js';
import { effectiveAt } from '../../domain/subscription.js';
import type { Subscription } from '../../domain/subscription.js';
import type { Bank } from '../../accounts/bank.js';
import { actOf } from '../acting.js';
import type { Acting } from '../acting.js';
import { recordDone } from '../carryOut.js';
import { loadAccount } from '../loadCurrent.js';
import { areSaved, subscriptionsIn, writeAll } from '../writeAll.js';
import type { Subscriber } from '../writeAll.js';
import type { Settled } from './purchases.js';

export interface SubscriptionFetched {
  readonly provider: string;
  readonly accountId: AccountId;
  /** The account's subscription as it was stored before the provider's was fetched; `null`: there was none. */
  readonly stored: Subscription | null;
  readonly provided: ProvidedSubscription;
}

/**
 * Writes what the provider's subscription says now, with the credits that were due before and are due after. Where another
 * write was first, `RACED`: read, fetch and come again. `record` `null`: the account has none, and this one does not count.
 */
export const settleSubscription = async (
  acting: Acting,
  { provider, accountId, stored, provided }: SubscriptionFetched,
): Promise<Settled<Subscription | null>> => {
  const { bank } = acting;
  const now = bank.settings.now();
  const account = await loadAccount(bank, accountId);
  const current = stored === null ? null : effectiveAt(stored, now);
  const plans = await bank.store.findPlans();
  const from = current === null ? null : versionIn(plans, current);
  const plan = provided.plan === null ? null : versionIn(plans, provided.plan);
  const terms = { provider, accountId, plan, from, timeZone: timeZoneOf(account) };
  const next = projectSubscription(current, provided, terms, now);
  if (next === null || next === current) return { outcome: 'SETTLED', record: current, isChanged: false };
  const act = actOf([bank.settings.newId()], now);
  // What is due so far comes first: afterwards nothing tells any more that it was.
  if (current !== null) await giveDue(bank, act.id, { account, subscription: current, plan: from }, now);
  const [isSaved] = await areSaved([next], act.id, subscriptionsIn(bank));
  if (isSaved !== true) return { outcome: 'RACED' };
  const record = { ...signedBy(next, act.id), version: next.version + 1 };
  await giveDue(bank, act.id, { account, subscription: record, plan: versionIn(plans, record) }, now);
  const change = { target: `account/${accountId}`, before: current, after: record };
  await recordDone(acting, { verb: 'settleSubscription', args: { accountId, provided: { ...provided } } }, change);
  return { outcome: 'SETTLED', record, isChanged: true };
};

const versionIn = (
  plans: readonly Plan[],
  { planId, planVersion }: Pick<Subscription, 'planId' | 'planVersion'>,
): Plan | null => plans.find(({ id, version }) => id === planId && version === planVersion) ?? null;

const giveDue = (bank: Bank, actId: string, subscriber: Subscriber, at: Instant): Promise<void> =>
  writeAll(bank, actId, [{ kind: 'credits', ...subscriber, at }]);

/** Mutations: from their arguments to the verb that they are, and back. */
import { createAccount, resumeAccount, setTimeZone, suspendAccount } from '../../admin/accounts.js';
import { adjustCredits, grantCredits, refundCharge } from '../../admin/credits.js';
import { expireKey, issueKey, revokeKey, rotateKey, setKeyBudget } from '../../admin/keys.js';
import { badInput } from '../../admin/operatorError.js';
import { archivePack, editPack, publishPack } from '../../admin/payments/packs.js';
import { createOperator, removeOperator, rotateOperatorKey } from '../../admin/operators.js';
import {
  archivePlan,
  createPlanDraft,
  editPlan,
  migrateSubscriptions,
  publishPlan,
  updatePlanDraft,
} from '../../admin/plans.js';
import {
  cancelSubscription,
  changeSubscription,
  recordPayment,
  recordPaymentFailure,
  renewSubscription,
  startSubscription,
} from '../../admin/subscriptions.js';
import { accountId } from '../../domain/ids.js';
import type { AccountId } from '../../domain/ids.js';
import type { Instant } from '../../domain/period.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { cursorsById } from '../connection.js';

const MIGRATED = cursorsById((id: AccountId) => id, accountId);

const instantOf = (date: Date | null | undefined): Instant | null => date?.getTime() ?? null;

export const adminMutations: MutationResolvers = {
  createAccount: (_root, { idempotencyKey, ...args }, context) => createAccount(context, args, idempotencyKey),
  setTimeZone: (_root, { idempotencyKey, ...args }, context) => setTimeZone(context, args, idempotencyKey),
  suspendAccount: (_root, { idempotencyKey, ...args }, context) => suspendAccount(context, args, idempotencyKey),
  resumeAccount: (_root, { idempotencyKey, ...args }, context) => resumeAccount(context, args, idempotencyKey),

  issueApiKey: (_root, { idempotencyKey, expiresAt, ...args }, context) =>
    issueKey(context, { ...args, expiresAt: instantOf(expiresAt) }, idempotencyKey),
  rotateApiKey: (_root, { idempotencyKey, ...args }, context) => rotateKey(context, args, idempotencyKey),
  revokeApiKey: (_root, { idempotencyKey, ...args }, context) => revokeKey(context, args, idempotencyKey),
  expireApiKey: (_root, { idempotencyKey, expiresAt, ...args }, context) =>
    expireKey(context, { ...args, expiresAt: expiresAt.getTime() }, idempotencyKey),
  setApiKeyBudget: (_root, { idempotencyKey, keyId, budget = null }, context) =>
    setKeyBudget(context, { keyId, budget }, idempotencyKey),

  createPlanDraft: (_root, { idempotencyKey, ...args }, context) => createPlanDraft(context, args, idempotencyKey),
  updatePlanDraft: (_root, { idempotencyKey, ...args }, context) => updatePlanDraft(context, args, idempotencyKey),
  publishPlan: (_root, { idempotencyKey, ...args }, context) => publishPlan(context, args, idempotencyKey),
  editPlan: (_root, { idempotencyKey, ...args }, context) => editPlan(context, args, idempotencyKey),
  archivePlan: (_root, { idempotencyKey, ...args }, context) => archivePlan(context, args, idempotencyKey),
  publishPack: (_root, { idempotencyKey, ...args }, context) => publishPack(context, args, idempotencyKey),
  editPack: (_root, { idempotencyKey, ...args }, context) => editPack(context, args, idempotencyKey),
  archivePack: (_root, { idempotencyKey, ...args }, context) => archivePack(context, args, idempotencyKey),
  migrateSubscriptions: async (_root, { idempotencyKey, after: cursor, ...args }, context) => {
    const after = cursor == null ? null : MIGRATED.read(cursor);
    if (cursor != null && after === null) throw badInput('after', 'is no cursor of a migration.');
    const answer = await migrateSubscriptions(context, { ...args, after }, idempotencyKey);
    const { lastAccountId, ...counts } = answer;
    return { ...counts, endCursor: lastAccountId === null ? null : MIGRATED.write(lastAccountId) };
  },

  startSubscription: (_root, { idempotencyKey, startsAt, ...args }, context) =>
    startSubscription(context, { ...args, startsAt: instantOf(startsAt) }, idempotencyKey),
  changeSubscription: (_root, { idempotencyKey, ...args }, context) =>
    changeSubscription(context, args, idempotencyKey),
  cancelSubscription: (_root, { idempotencyKey, ...args }, context) =>
    cancelSubscription(context, args, idempotencyKey),
  renewSubscription: (_root, { idempotencyKey, ...args }, context) => renewSubscription(context, args, idempotencyKey),
  recordPayment: (_root, { idempotencyKey, ...args }, context) => recordPayment(context, args, idempotencyKey),
  recordPaymentFailure: (_root, { idempotencyKey, ...args }, context) =>
    recordPaymentFailure(context, args, idempotencyKey),

  grantCredits: (_root, { idempotencyKey, expiresAt, ...args }, context) =>
    grantCredits(context, { ...args, expiresAt: instantOf(expiresAt) }, idempotencyKey),
  adjustCredits: (_root, { idempotencyKey, ...args }, context) => adjustCredits(context, args, idempotencyKey),
  refundCharge: (_root, { idempotencyKey, ...args }, context) => refundCharge(context, args, idempotencyKey),

  createOperator: (_root, { idempotencyKey, ...args }, context) => createOperator(context, args, idempotencyKey),
  rotateOperatorKey: (_root, { idempotencyKey, ...args }, context) => rotateOperatorKey(context, args, idempotencyKey),
  removeOperator: (_root, { idempotencyKey, ...args }, context) => removeOperator(context, args, idempotencyKey),
};

/** Operators at the door: by which key each is known, and where the first one comes from. */
import { timingSafeEqual } from 'node:crypto';
import { operatorId } from '../domain/ids.js';
import { isOperating } from '../domain/operator.js';
import type { Operator } from '../domain/operator.js';
import { secretOf } from '../accounts/caller.js';
import type { Bank } from '../accounts/bank.js';
import { newSecret, prefixOf } from './acting.js';
import type { Acting } from './acting.js';
import { OPERATOR_KEY_PREFIX } from './operators.js';
import { sealingKeyOf } from './seal.js';

/** Operators that no store knows, such as a demo's: secret → operator. */
export type FixedOperators = ReadonlyMap<string, Operator>;

export interface OperatorRequest {
  readonly authorization: string | undefined;
  /** The address that the request came from. */
  readonly from: string | null;
}

export interface OperatorActing extends Acting {
  readonly operator: Operator;
}

/**
 * Who is asking, by the `Authorization` header, or `null`. All keys are compared, each in the same time, so that nothing
 * is learnt from how long it takes. Rejects with `StoreError`.
 */
export const identifyOperator = async (
  bank: Bank,
  { authorization, from }: OperatorRequest,
  fixed: FixedOperators,
): Promise<OperatorActing | null> => {
  const secret = secretOf(authorization) ?? '';
  const now = bank.settings.now();
  const [hash, operators] = await Promise.all([bank.hashSecret(secret), bank.store.findOperators()]);
  let found = fixed.get(secret) ?? null;
  for (const operator of operators) {
    if (isSame(operator.secretHash, hash) && isOperating(operator, now)) found = operator;
  }
  if (found === null) return null;
  const { id, role } = found;
  const sealingKey = sealingKeyOf(secret);
  const actor = { kind: 'operator', id, role, from } as const;
  return { operator: found, bank, actor, now, sealingKey: () => sealingKey };
};

const isSame = (a: string, b: string): boolean => {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
};

const OWNER = operatorId('owner');

/**
 * Sees to it that somebody can administer. A key that is given is the owner's from now on; without one, and where no owner
 * is there yet, one is made. Answers the secret of an owner that it made, to be shown this once, else `null`.
 */
export const ensureOwner = async (bank: Bank, givenKey: string | null): Promise<string | null> => {
  const { store, settings, hashSecret } = bank;
  const now = settings.now();
  const operators = await store.findOperators();
  const hasOwner = operators.some((each) => each.role === 'OWNER' && isOperating(each, now));
  if (givenKey === null && hasOwner) return null;
  const secret = givenKey ?? newSecret(OPERATOR_KEY_PREFIX);
  const secretHash = await hashSecret(secret);
  const before = operators.find(({ id }) => id === OWNER);
  if (before?.secretHash === secretHash && before.removedAt === null) return null;
  const owner: Operator = {
    id: OWNER,
    name: 'Owner',
    role: 'OWNER',
    secretHash,
    prefix: prefixOf(secret),
    createdAt: before?.createdAt ?? now,
    removedAt: null,
    version: before?.version ?? 0,
  };
  const [outcome] = await store.saveOperators([owner]);
  // Lost to another process that starts at the same moment: its key is the one that is shown.
  return givenKey === null && outcome === 'WON' ? secret : null;
};

/** Operators at the door: by which key each is known, and where the first one comes from. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { operatorId } from '../domain/ids.js';
import { isOperating } from '../domain/operator.js';
import type { Operator } from '../domain/operator.js';
import { secretOf } from '../accounts/caller.js';
import type { Engine } from '../paywall/engine.js';
import { prefixOf } from './operator.js';
import { Act } from './adminContext.js';
import type { AdminContext } from './adminContext.js';
import { OPERATOR_KEY_PREFIX } from '../api/admin/operatorMutations.js';
import { sealingKeyOf } from './seal.js';

/** Operators that no store knows, such as a demo's: secret → operator. */
export type FixedOperators = ReadonlyMap<string, Operator>;

/**
 * Who is asking, by the `Authorization` header, or `null`. All keys are compared, each in the same time, so that nothing
 * is learnt from how long it takes. Rejects with `StoreError`.
 */
const identifyOperator = async (
  engine: Engine,
  authorization: string | undefined,
  fixed: FixedOperators,
): Promise<{ readonly operator: Operator; readonly secret: string } | null> => {
  const secret = secretOf(authorization) ?? '';
  const now = engine.settings.now();
  const [hash, operators] = await Promise.all([engine.hashSecret(secret), engine.store.findOperators()]);
  let found = fixed.get(secret) ?? null;
  for (const operator of operators) {
    if (isSame(operator.secretHash, hash) && isOperating(operator, now)) found = operator;
  }
  return found === null ? null : { operator: found, secret };
};

const isSame = (a: string, b: string): boolean => {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
};

export interface AdminRequest {
  readonly authorization: string | undefined;
  readonly from: string | null;
}

export interface AdminTerms extends Pick<AdminContext, 'keyRequestsPerMinute'> {
  readonly fixedOperators: FixedOperators;
}

/** The context value of a request, or `null` for a key that is no operator's. */
export const adminContext = async (
  engine: Engine,
  { authorization, from }: AdminRequest,
  { fixedOperators, keyRequestsPerMinute }: AdminTerms,
): Promise<AdminContext | null> => {
  const known = await identifyOperator(engine, authorization, fixedOperators);
  if (known === null) return null;
  const { operator, secret } = known;
  const now = engine.settings.now();
  // A query is no act: nothing is made of this seed.
  return { operator, from, engine, now, sealingKey: sealingKeyOf(secret), act: new Act(''), keyRequestsPerMinute };
};

const OWNER = operatorId('owner');
const SECRET_BYTES = 24;

/**
 * Sees to it that somebody can administer. A key that is given is the owner's from now on; without one, and where no owner
 * is there yet, one is made. Answers the secret of an owner that it made, to be shown this once, else `null`.
 */
export const ensureOwner = async (engine: Engine, givenKey: string | null): Promise<string | null> => {
  const { store, settings, hashSecret } = engine;
  const now = settings.now();
  const operators = await store.findOperators();
  const hasOwner = operators.some((each) => each.role === 'OWNER' && isOperating(each, now));
  if (givenKey === null && hasOwner) return null;
  const secret = givenKey ?? `${OPERATOR_KEY_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
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

/** Who administers, and by which key. An owner is always left. */
import { operatorId } from '../domain/ids.js';
import { guarantorOf, isOperating } from '../domain/operator.js';
import type { Operator, Role } from '../domain/operator.js';
import { newSecret, prefixOf } from './acting.js';
import type { Acting } from './acting.js';
import { carryOutWrites } from './carryOut.js';
import { checkName } from './checkInput.js';
import { OperatorError } from './operatorError.js';
import { written } from './writeAll.js';
import type { Lost } from './writeAll.js';

/** How the secrets of operators begin: told from those of accounts at a glance. */
export const OPERATOR_KEY_PREFIX = 'tgo_';

const LOST: Lost = {
  argument: 'operatorId',
  message: 'The operators were changed at the same moment. Look at them, and try again.',
};

export interface OperatorAnswer {
  readonly operator: Operator;
}

export interface IssuedOperatorAnswer extends OperatorAnswer {
  /** Shown this once: the store knows its hash only. */
  readonly secret: string;
}

export const createOperator = (
  acting: Acting,
  args: { readonly name: string; readonly role: Role },
  key: string | null,
): Promise<IssuedOperatorAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'createOperator',
    role: 'OWNER',
    args: { ...args },
    decide: async ({ idOf, now }) => {
      checkName('name', args.name);
      const secret = newSecret(OPERATOR_KEY_PREFIX);
      const record: Operator = {
        id: operatorId(idOf('operator')),
        ...args,
        secretHash: await acting.bank.hashSecret(secret),
        prefix: prefixOf(secret),
        createdAt: now,
        removedAt: null,
        version: 0,
      };
      const operator = written(record);
      return {
        writes: [{ kind: 'operator', record, lost: LOST }],
        change: { target: `operator/${operator.id}`, before: null, after: operator },
        answer: { operator, secret },
      };
    },
  });

export interface OperatorNamed {
  readonly operatorId: string;
}

export const rotateOperatorKey = (
  acting: Acting,
  args: OperatorNamed,
  key: string | null,
): Promise<IssuedOperatorAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'rotateOperatorKey',
    role: 'OWNER',
    args: { ...args },
    decide: async () => {
      const { before } = await loadOperating(acting, args.operatorId);
      const secret = newSecret(OPERATOR_KEY_PREFIX);
      const secretHash = await acting.bank.hashSecret(secret);
      const record = { ...before, secretHash, prefix: prefixOf(secret) };
      const operator = written(record);
      return {
        writes: [{ kind: 'operator', record, lost: LOST }],
        change: { target: `operator/${operator.id}`, before, after: operator },
        answer: { operator, secret },
      };
    },
  });

export const removeOperator = (acting: Acting, args: OperatorNamed, key: string | null): Promise<OperatorAnswer> =>
  carryOutWrites(acting, key, {
    verb: 'removeOperator',
    role: 'OWNER',
    args: { ...args },
    decide: async ({ now }) => {
      const { operators, before } = await loadOperating(acting, args.operatorId);
      const guarantor = guarantorOf(operators, before);
      if (guarantor === 'NOBODY') {
        throw new OperatorError('CONFLICT', 'This is the last owner. Make another one first.', 'operatorId');
      }
      const record = { ...before, removedAt: now };
      const operator = written(record);
      return {
        // Who stays is written first. Whoever removes them meanwhile loses, and so do we where they were removed before:
        // two owners can't remove each other, nor three in a circle.
        writes: [guarantor, record]
          .filter((each) => each !== null)
          .map((each) => ({ kind: 'operator' as const, record: each, lost: LOST })),
        change: { target: `operator/${operator.id}`, before, after: operator },
        answer: { operator },
      };
    },
  });

/** All of them, and the one that it is about, which must still operate. */
const loadOperating = async ({ bank, now }: Acting, id: string) => {
  const operators = await bank.store.findOperators();
  const before = operators.find((each) => each.id === id);
  if (before === undefined) {
    throw new OperatorError('NOT_FOUND', 'There is no such operator.', 'operatorId');
  }
  if (!isOperating(before, now)) {
    throw new OperatorError('CONFLICT', 'This operator was removed.', 'operatorId');
  }
  return { operators, before };
};

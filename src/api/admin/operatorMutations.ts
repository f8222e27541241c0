/** Who administers, and by which key. */
import { operatorId } from '../../domain/ids.js';
import { isLastOwner, isOperating } from '../../domain/operator.js';
import type { Operator } from '../../domain/operator.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { OperatorError, prefixOf } from '../../admin/operator.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { checkName } from '../../admin/input.js';

/** How the secrets of operators begin: told from those of accounts at a glance. */
export const OPERATOR_KEY_PREFIX = 'tgo_';

const save = async ({ engine, act }: AdminContext, before: Operator | null, after: Operator): Promise<Operator> => {
  const [outcome] = await engine.store.saveOperators([after]);
  if (outcome !== 'WON') {
    throw new OperatorError('CONFLICT', 'The operator was changed at the same moment. Try again.', 'operatorId');
  }
  const operator = { ...after, version: after.version + 1 };
  act.note({ target: `operator/${operator.id}`, before, after: operator });
  return operator;
};

/** All of them, and the one that it is about, which must still operate. */
const loadOperating = async ({ engine, now }: AdminContext, id: string) => {
  const operators = await engine.store.findOperators();
  const operator = operators.find((each) => each.id === id);
  if (operator === undefined) throw new OperatorError('NOT_FOUND', 'There is no such operator.', 'operatorId');
  if (!isOperating(operator, now)) {
    throw new OperatorError('CONFLICT', 'This operator was removed.', 'operatorId');
  }
  return { operators, operator };
};

export const operatorMutations: MutationResolvers = {
  createOperator: async (_root, { name, role }, context) => {
    checkName('name', name);
    const { engine, act, now } = context;
    const secret = act.secret(OPERATOR_KEY_PREFIX);
    const operator: Operator = {
      id: operatorId(act.id('operator')),
      name,
      role,
      secretHash: await engine.hashSecret(secret),
      prefix: prefixOf(secret),
      createdAt: now,
      removedAt: null,
      version: 0,
    };
    return { operator: await save(context, null, operator), secret };
  },

  rotateOperatorKey: async (_root, { operatorId: id }, context) => {
    const { engine, act } = context;
    const { operator } = await loadOperating(context, id);
    const secret = act.secret(OPERATOR_KEY_PREFIX);
    const rotated = { ...operator, secretHash: await engine.hashSecret(secret), prefix: prefixOf(secret) };
    return { operator: await save(context, operator, rotated), secret };
  },

  removeOperator: async (_root, { operatorId: id }, context) => {
    const { operators, operator } = await loadOperating(context, id);
    if (isLastOwner(operators, operator.id, context.now)) {
      throw new OperatorError('CONFLICT', 'This is the last owner. Make another one first.', 'operatorId');
    }
    return { operator: await save(context, operator, { ...operator, removedAt: context.now }) };
  },
};

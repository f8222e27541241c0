/**
 * Every mutation goes this way: role, idempotency key, the mutation itself, an entry in the audit log. What is refused
 * leaves an entry too. The entry is written before the answer is kept, so that no mutation is answered without one.
 */
import { GraphQLError } from 'graphql';
import { redact } from '../domain/audit.js';
import type { AuditEntry } from '../domain/audit.js';
import { mayAct } from '../domain/operator.js';
import type { Role } from '../domain/operator.js';
import { OperatorError } from './operator.js';
import { Act } from './adminContext.js';
import type { AdminContext } from './adminContext.js';
import { KeyedMutation } from './keyedMutation.js';
import { checkTexts } from './input.js';

export interface Mutation {
  readonly name: string;
  readonly role: Role;
  readonly args: Readonly<Record<string, unknown>>;
  readonly run: (context: AdminContext) => unknown;
}

export const carryOut = async (context: AdminContext, mutation: Mutation): Promise<unknown> => {
  try {
    return await attempt(context, mutation);
  } catch (error) {
    const { code, argument, message } = asRefusal(error);
    await record(context, mutation, { id: context.engine.settings.newId(), outcome: 'REFUSED', code, change: null });
    if (!(error instanceof OperatorError)) throw error;
    throw new GraphQLError(message, { extensions: { code, ...(argument === null ? {} : { argument }) } });
  }
};

const attempt = async (context: AdminContext, mutation: Mutation): Promise<unknown> => {
  const { name, role, args, run } = mutation;
  checkRole(context, role);
  checkTexts(args);
  const keyed = new KeyedMutation(context, name, args);
  const begun = await keyed.begin();
  if (begun.kind === 'replay') return begun.answer;
  const act = new Act(begun.seed);
  try {
    const answer = await run({ ...context, act });
    await record(context, mutation, { id: act.id('audit'), outcome: 'OK', code: null, change: act.change });
    await keyed.answer(answer);
    return answer;
  } catch (error) {
    await (error instanceof OperatorError ? keyed.free() : keyed.unlock());
    throw error;
  }
};

export const checkRole = ({ operator }: AdminContext, role: Role): void => {
  if (mayAct(operator.role, role)) return;
  throw new OperatorError('FORBIDDEN', `This takes the role ${role}, and you have the role ${operator.role}.`);
};

interface Recorded extends Pick<AuditEntry, 'id' | 'outcome' | 'code'> {
  readonly change: Act['change'];
}

const record = async (
  { engine, operator, now, from }: AdminContext,
  { name, args }: Mutation,
  { id, outcome, code, change }: Recorded,
): Promise<void> => {
  const entry: AuditEntry = {
    id,
    at: now,
    operatorId: operator.id,
    role: operator.role,
    mutation: name,
    arguments: redact(args),
    target: change?.target ?? null,
    before: redact(change?.before),
    after: redact(change?.after),
    outcome,
    code,
    from,
  };
  await engine.store.appendAudit([entry]);
};

const asRefusal = (error: unknown): Pick<OperatorError, 'argument' | 'message'> & { readonly code: string } =>
  error instanceof OperatorError ? error : { code: 'FAILED', argument: null, message: '' };

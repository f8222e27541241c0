/** Who administers Tollgate, and what each may do. An operator's secret is never here: the store knows its hash only. */
import type { ActsRemembered } from './act.js';
import type { OperatorId } from './ids.js';
import type { Instant } from './period.js';

/** From the one that may least. `SUPPORT` reads; `ADMIN` changes what customers have; `OWNER` also who operates. */
export const ROLES = ['SUPPORT', 'ADMIN', 'OWNER'] as const;
export type Role = (typeof ROLES)[number];

export interface Operator {
  readonly id: OperatorId;
  readonly name: string;
  readonly role: Role;
  readonly secretHash: string;
  /** The first characters of the secret, by which a person tells keys apart. */
  readonly prefix: string;
  readonly createdAt: Instant;
  /** From then on the key is no good. The operator stays, because the audit log names it. */
  readonly removedAt: Instant | null;
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** Whether a role is enough for what requires another one. */
export const mayAct = (role: Role, required: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(required);

export const isOperating = ({ removedAt }: Operator, now: Instant): boolean => removedAt === null || now < removedAt;

/**
 * An owner who stays while another one is removed, and is to be written first, so that nobody removes them at the same
 * moment. `null`: none is needed, since it is no owner who goes. `NOBODY`: there is none. By whether they were removed at
 * all, and not by when: the clock of whoever removed them may be ahead.
 */
export const guarantorOf = (operators: readonly Operator[], removed: Operator): Operator | null | 'NOBODY' => {
  if (removed.role !== 'OWNER') return null;
  const staying = operators.find(
    ({ id, role, removedAt }) => role === 'OWNER' && removedAt === null && id !== removed.id,
  );
  return staying ?? 'NOBODY';
};

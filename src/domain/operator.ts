/** Who administers Tollgate, and what each may do. An operator's secret is never here: the store knows its hash only. */
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
}

/** Whether a role is enough for what requires another one. */
export const mayAct = (role: Role, required: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(required);

export const isOperating = ({ removedAt }: Operator, now: Instant): boolean => removedAt === null || now < removedAt;

/** Whether nobody could administer operators any more without this one. */
export const isLastOwner = (operators: readonly Operator[], id: OperatorId, now: Instant): boolean => {
  const owners = operators.filter((each) => each.role === 'OWNER' && isOperating(each, now));
  return owners.length === 1 && owners[0]?.id === id;
};

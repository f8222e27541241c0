/**
 * The record of what was done to accounts, plans and operators, and tried: who, when, what, before, after, from where.
 * Entries are added and never changed. Secrets and their hashes are taken out of everything that an entry repeats.
 */
import { operatorId } from './ids.js';
import type { OperatorId } from './ids.js';
import type { Role } from './operator.js';
import type { Instant } from './period.js';

/** Who acts. */
export type Actor =
  | {
      readonly kind: 'operator';
      readonly id: OperatorId;
      readonly role: Role;
      /** The address that the request came from. */
      readonly from: string | null;
    }
  /** A provider of payments, and the event that it told of. */
  | { readonly kind: 'provider'; readonly name: string; readonly event: string | null }
  /** Tollgate itself, or the program that it is a library of. */
  | { readonly kind: 'system'; readonly name: string };

export interface AuditEntry {
  /** Derived from the act's idempotency key, so that one that comes again leaves no second entry. */
  readonly id: string;
  readonly at: Instant;
  /** Absent where it was written before others than operators could act. */
  readonly actor?: Actor;
  /** An operator's id; of others what they are and their name, as in `provider:stripe`. */
  readonly operatorId: OperatorId;
  /** Of others than operators: what they may do. */
  readonly role: Role;
  readonly mutation: string;
  readonly arguments: unknown;
  /** What was changed, as in `account/acme`; `null` where it did not get that far. */
  readonly target: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly outcome: 'OK' | 'REFUSED';
  /** Why it was refused. */
  readonly code: string | null;
  /** The address that the request came from. */
  readonly from: string | null;
}

/** Providers do what customers pay for; the program itself may do everything. */
const ROLE_OF: Readonly<Record<Exclude<Actor['kind'], 'operator'>, Role>> = {
  provider: 'ADMIN',
  system: 'OWNER',
};

/** What an entry says of who acted, in the words of those that know operators alone. */
export const attributionOf = (actor: Actor): Pick<AuditEntry, 'actor' | 'operatorId' | 'role' | 'from'> =>
  actor.kind === 'operator'
    ? { actor, operatorId: actor.id, role: actor.role, from: actor.from }
    : {
        actor,
        operatorId: operatorId(`${actor.kind}:${actor.name}`),
        role: ROLE_OF[actor.kind],
        from: null,
      };

/** Who acted, of entries of any age. */
export const actorOf = ({ actor, operatorId: id, role, from }: AuditEntry): Actor =>
  actor ?? { kind: 'operator', id, role, from };

const SECRET = /secret|password|token|^idempotencyKey$|^acts$/i;
const TEXT_LENGTH_MAX = 1_000;
const DEPTH_MAX = 8;

/** A copy as plain data without what is secret or only for Tollgate itself, and without texts of any length. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') {
    return value.length > TEXT_LENGTH_MAX ? `${value.slice(0, TEXT_LENGTH_MAX)}…` : value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (depth === DEPTH_MAX) return '…';
  if (Array.isArray(value)) return value.map((each) => redact(each, depth + 1));
  const kept = Object.entries(value).filter(([name]) => !SECRET.test(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, redact(each, depth + 1)]));
};

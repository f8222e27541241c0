/**
 * The record of what operators did and tried to do: who, when, what, before, after, from where. Entries are added and
 * never changed. Secrets and their hashes are taken out of everything that an entry repeats.
 */
import type { OperatorId } from './ids.js';
import type { Role } from './operator.js';
import type { Instant } from './period.js';

export interface AuditEntry {
  /** Derived from the mutation's idempotency key, so that one that comes again leaves no second entry. */
  readonly id: string;
  readonly at: Instant;
  readonly operatorId: OperatorId;
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

const SECRET = /secret|password|token|^idempotencyKey$/i;
const TEXT_LENGTH_MAX = 1_000;
const DEPTH_MAX = 8;

/** A copy as plain data without what is secret, and without texts of any length. */
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

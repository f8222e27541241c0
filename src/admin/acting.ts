/** Who acts, on what, and when: the first argument of every verb. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Actor } from '../domain/audit.js';
import type { Instant } from '../domain/period.js';
import type { Bank } from '../accounts/bank.js';
import type { MaybePromise } from '../domain/maybePromise.js';

export interface Acting {
  readonly bank: Bank;
  readonly actor: Actor;
  /** When it was asked for: all of it is decided at this instant. */
  readonly now: Instant;
  /** What answers are kept under. An operator's is made of their own secret, which no store knows. */
  readonly sealingKey: () => MaybePromise<Buffer>;
}

/** A provider of payments or the system itself, whose answers are kept under the store's secret. */
export const actingAs = (bank: Bank, actor: Exclude<Actor, { readonly kind: 'operator' }>): Acting => ({
  bank,
  actor,
  now: bank.settings.now(),
  sealingKey: async () => createHmac('sha256', await bank.hashSecret('tollgate/acts')).digest(),
});

const ID_LENGTH = 22;
const SECRET_BYTES = 24;

/**
 * One act under way. Ids of what it makes derive from who acts and their idempotency key: however late the same call
 * comes again, it names the same things.
 */
export interface Act {
  readonly id: string;
  readonly now: Instant;
  readonly idOf: (what: string) => string;
}

export const actOf = (seed: readonly string[], now: Instant): Act => {
  const idOf = (what: string): string => {
    const digest = createHash('sha256').update(JSON.stringify([...seed, what]));
    return digest.digest('base64url').slice(0, ID_LENGTH);
  };
  return { id: idOf('act'), now, idOf };
};

/** A new secret, which nothing tells but itself. */
export const newSecret = (prefix: string): string => `${prefix}${randomBytes(SECRET_BYTES).toString('base64url')}`;

const PREFIX_LENGTH = 8;

/** What is shown of a secret, by which a person tells keys apart. */
export const prefixOf = (secret: string): string => secret.slice(0, PREFIX_LENGTH);

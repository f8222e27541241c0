/** What resolvers of the admin API know of the request that they answer, and of the mutation that is under way. */
import { createHmac } from 'node:crypto';
import type { Operator } from '../domain/operator.js';
import type { Instant } from '../domain/period.js';
import type { Engine } from '../paywall/engine.js';

export interface AdminContext {
  readonly operator: Operator;
  /** The address that the request came from. */
  readonly from: string | null;
  readonly engine: Engine;
  /** When the request came: all of it is decided at this instant. */
  readonly now: Instant;
  /** Made of the operator's own secret, which the store does not know: what is sealed with it only they can open. */
  readonly sealingKey: Buffer;
  readonly act: Act;
  /** Of a key where no plan says; `null`: any number. */
  readonly keyRequestsPerMinute: number | null;
}

/** What a mutation changed, for the audit log. */
export interface Change {
  /** As in `account/acme`. */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

const ID_LENGTH = 22;
const SECRET_LENGTH = 32;

/**
 * One mutation under way. Its ids and secrets are made of a seed: a mutation that is carried out again, because the
 * process died in the middle of it, makes the same ones and finds what it made before.
 */
export class Act {
  #change: Change | null = null;

  constructor(private readonly seed: string) {}

  get change(): Change | null {
    return this.#change;
  }

  id(what: string): string {
    return this.#derive(`id/${what}`).slice(0, ID_LENGTH);
  }

  secret(prefix: string): string {
    return `${prefix}${this.#derive('secret').slice(0, SECRET_LENGTH)}`;
  }

  note(change: Change): void {
    this.#change = change;
  }

  #derive(what: string): string {
    return createHmac('sha256', this.seed).update(what).digest('base64url');
  }
}

/**
 * What is logged of an operation of an operator, once its answer was sent: who asked for what, and what became of it. Nothing
 * of its document, variables or answer, in which secrets may be: what it changed is in the audit log.
 */
import type { OperationDefinitionNode } from 'graphql';
import type { OperatorEnded } from './ended.js';
import { elapsedMs, loggedNameOf } from './operationRecord.js';
import type { Watchers } from './watchers.js';

export class OperatorRecord {
  readonly #startedAt = performance.now();
  #definition: OperationDefinitionNode | null = null;

  constructor(
    private readonly watchers: Pick<Watchers, 'logger' | 'metrics'>,
    private readonly terms: Pick<OperatorEnded, 'requestId' | 'traceId' | 'operator' | 'role'>,
  ) {}

  /** Not called for what is no valid operation. */
  began(definition: OperationDefinitionNode): void {
    this.#definition = definition;
  }

  /** The answer was sent, or can't be sent any more. */
  closed(status: number): void {
    const definition = this.#definition;
    const ended: OperatorEnded = {
      ...this.terms,
      operation: definition === null ? null : loggedNameOf(definition),
      type: definition?.operation ?? null,
      status,
      durationMs: elapsedMs(this.#startedAt),
    };
    this.watchers.logger.info(ended, 'An operation of an operator was answered');
    this.watchers.metrics?.operatorOperationEnded(ended);
  }
}

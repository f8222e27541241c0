/**
 * What an operation tells whoever watches it, for logs, metrics and traces. The engine knows none of these: whoever
 * starts an operation gives it a watch, and one that is given none tells nobody.
 */
import type { ExecutionResult } from 'graphql';

/** A step of an operation's journey. */
export type Step = 'quote' | 'hold' | 'run' | 'settle';

/** Its functions answer at once and never throw. What is told is confirmed, and may come after the answer was sent. */
export interface OperationWatch {
  /** Does the work as a step of the operation, and answers what it answers. */
  readonly during: <T>(step: Step, work: () => Promise<T>) => Promise<T>;
  /** So many credits were set aside; 0 where limit units alone were. Told again where a list was longer than quoted. */
  readonly held: (credits: number) => void;
  /** Nothing is set aside any more. */
  readonly holdEnded: () => void;
  readonly charged: (credits: number) => void;
  /** So many of the credits charged were given back. */
  readonly givenBack: (credits: number) => void;
}

/** The watch of an operation that the paywall runs itself. */
export interface RunWatch extends OperationWatch {
  /** This is what its caller gets. */
  readonly answered: (result: ExecutionResult) => void;
}

const nothing = (): void => undefined;

export const UNWATCHED: RunWatch = {
  during: (_step, work) => work(),
  held: nothing,
  holdEnded: nothing,
  charged: nothing,
  givenBack: nothing,
  answered: nothing,
};

/**
 * What an operation tells whoever watches it, for logs, metrics and traces. The engine knows none of these: whoever
 * starts an operation gives it a watch, and one that is given none tells nobody.
 */
import type { OperationDefinitionNode } from 'graphql';
import type { MaybePromise } from '../domain/maybePromise.js';

/** A step of an operation's journey. */
export type Step = 'identify' | 'quote' | 'hold' | 'run' | 'settle';

/**
 * Its functions answer at once and never throw, but for what the work throws that `during` does. What is told is
 * confirmed, and may come after the answer was sent.
 */
export interface OperationWatch {
  /** Does the work as a step of the operation, and answers what it answers; `null`: nobody traces the steps. */
  readonly during: (<T>(step: Step, work: () => MaybePromise<T>) => Promise<T>) | null;
  /** So many credits were set aside; 0 where limit units alone were. Told again where a list was longer than quoted. */
  held(credits: number): void;
  /** Nothing is set aside any more. */
  holdEnded(): void;
  charged(credits: number): void;
  /** So many of the credits charged were given back. */
  givenBack(credits: number): void;
}

/** What is sent of an operation, as far as it says what became of it. */
export interface WatchedAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> | undefined }[] | undefined;
}

/** The watch of an operation from its beginning to its answer. */
export interface RunWatch extends OperationWatch {
  /** The operation is known; never told of one that is not valid. */
  began(operation: OperationDefinitionNode): void;
  /** What its caller gets; `isReplay`: the answer of an operation that was carried out before. */
  answered(answer: WatchedAnswer, isReplay?: boolean): void;
}

const nothing = (): void => undefined;

export const UNWATCHED: RunWatch = {
  during: null,
  held: nothing,
  holdEnded: nothing,
  charged: nothing,
  givenBack: nothing,
  began: nothing,
  answered: nothing,
};

/**
 * The gates of operations that are under way, by the context values that belong to them: resolvers know no more of their
 * operation.
 */
import { responsePathAsArray } from 'graphql';
import type { GraphQLError, GraphQLResolveInfo } from 'graphql';
import type { Refusal } from '../../domain/refusal.js';
import type { Gate } from './gatedSchema.js';
import type { Draw } from './draw.js';
import type { MaybePromise } from '../../store/maybePromise.js';
import type { OperationRefusals } from '../refuse/operationRefusals.js';
import type { Tab } from './tab.js';

/** The gate of one operation: what its positions draw on, and how what they lack is said. */
export class OperationGate implements Gate {
  #execution: unknown;

  constructor(
    private readonly tab: Tab,
    private readonly refusals: OperationRefusals,
  ) {}

  /** graphql-js makes one object of coerced variables for each execution: the first to draw is the one. */
  isOf({ variableValues }: GraphQLResolveInfo): boolean {
    this.#execution ??= variableValues;
    return this.#execution === variableValues;
  }

  draw(info: GraphQLResolveInfo): MaybePromise<Draw | Refusal> {
    return this.tab.draw(info);
  }

  toError(refusal: Refusal, info: GraphQLResolveInfo): GraphQLError {
    const place = { nodes: info.fieldNodes, path: responsePathAsArray(info.path) };
    return this.refusals.errorOf(refusal, this.tab.unitsAt(info), place);
  }
}

/** The place of one operation's gate. */
export class ReservedGate {
  #gate: Gate | null = null;

  constructor(
    private readonly gates: WeakMap<object, ReservedGate>,
    private readonly contextValue: object,
  ) {}

  /** `null`: it is not open yet. */
  get gate(): Gate | null {
    return this.#gate;
  }

  open(gate: Gate): void {
    this.#gate = gate;
  }

  release(): void {
    this.gates.delete(this.contextValue);
  }
}

export class Gates {
  readonly #byContext = new WeakMap<object, ReservedGate>();

  /**
   * Reserves a context value for one operation. Throws where it belongs to another: the resolvers of both would draw on
   * one tab, and what one of them delivers would be charged by what the other does.
   */
  reserve(contextValue: object): ReservedGate {
    const gates = this.#byContext;
    if (gates.has(contextValue)) {
      throw new Error(
        'This context value belongs to an operation that is not settled yet. Give each operation a context value of its own.',
      );
    }
    const reserved = new ReservedGate(gates, contextValue);
    gates.set(contextValue, reserved);
    return reserved;
  }

  readonly find = (contextValue: unknown): Gate | undefined => {
    if (typeof contextValue !== 'object' || contextValue === null) return undefined;
    return this.#byContext.get(contextValue)?.gate ?? undefined;
  };
}

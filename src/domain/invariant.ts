/** A bug, never a refusal and never bad input: thrown, and not caught to go on. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function invariant(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new InvariantError(`Tollgate has a bug: ${broken}`);
}

/** Ends a `switch` over a closed union: the compiler proves that no case is left. */
export const unreachable = (value: never): never => {
  throw new InvariantError(`Tollgate has a bug: no case for ${JSON.stringify(value)}`);
};

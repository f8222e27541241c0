import { GraphQLError } from 'graphql';
import { expect } from 'vitest';

/** What a call says of the argument that it refuses. Fails where the call returns or throws anything else. */
export function badInput(call: () => unknown): { readonly argument: unknown; readonly message: string } {
  try {
    call();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    expect(error.extensions['code']).toBe('BAD_USER_INPUT');
    return { argument: error.extensions['argument'], message: error.message };
  }
  throw new Error('Nothing was refused.');
}

/** Gives an error of graphql-js the code that Apollo Server gives it, so that it is known alike over every transport. */
import { GraphQLError } from 'graphql';

/** One that has a code keeps it. */
export const withCode = (error: GraphQLError, code: string): GraphQLError => {
  const { message, nodes, source, positions, path, originalError, extensions } = error;
  if (extensions['code'] !== undefined) return error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
    extensions: { ...extensions, code },
  });
};

import { GraphQLError } from 'graphql';

/** The error for an argument that the schema admits and Atlas doesn't. Says which, so that a form can show it there. */
export function badUserInput(argument: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument } });
}

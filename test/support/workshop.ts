/** A small schema whose paid fields fail, are null, or come in lists, as a test needs them. It keeps account of what ran. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';

const typeDefs = /* GraphQL */ `
  type Query {
    free: String
    steady: String @requiresPayment(feature: "work", cost: 2)
    failing: String @requiresPayment(feature: "work", cost: 2)
    nothing: String @requiresPayment(feature: "work", cost: 2)
    broken: Box @requiresPayment(feature: "work", cost: 2)
    box: Box
    strictBox: Box!
    "Longer than a list is taken to be where nothing tells."
    parts: [Part!]
    outcome: Outcome
  }

  type Mutation {
    build(name: String!): String @requiresPayment(feature: "work", cost: 10)
    note(text: String!): String
  }

  type Box {
    paid: String @requiresPayment(feature: "work", cost: 2)
    brittle: String!
  }

  type Part {
    number: Int!
    weight: Int @requiresPayment(feature: "work", cost: 1)
  }

  union Outcome = Cheap | Dear
  type Cheap {
    value: String @requiresPayment(feature: "work", cost: 1)
  }
  type Dear {
    worth: String @requiresPayment(feature: "work", cost: 7)
  }
`;

export interface Workshop {
  readonly schema: GraphQLSchema;
  /** Names of the resolvers that ran, in the order in which they did. */
  readonly ran: readonly string[];
}

export interface WorkshopOptions {
  readonly partCount?: number;
  /** Called whenever a resolver runs. */
  readonly onRun?: (name: string) => void | Promise<void>;
}

export const workshop = ({ partCount = 25, onRun = () => undefined }: WorkshopOptions = {}): Workshop => {
  const ran: string[] = [];
  const run = async <Value>(name: string, value: () => Value): Promise<Value> => {
    ran.push(name);
    await onRun(name);
    return value();
  };
  const fail = (): never => {
    throw new GraphQLError('It broke.', { extensions: { code: 'BROKEN' } });
  };
  const box = { paid: () => run('paid', () => 'gold'), brittle: () => run('brittle', fail) };
  const schema = makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs],
    resolvers: {
      Query: {
        free: () => run('free', () => 'air'),
        steady: () => run('steady', () => 'done'),
        failing: () => run('failing', fail),
        nothing: () => run('nothing', () => null),
        broken: () => run('broken', () => box),
        box: () => box,
        strictBox: () => box,
        parts: () => Array.from({ length: partCount }, (_, number) => ({ number })),
        outcome: () => ({ __typename: 'Cheap', value: 'small' }),
      },
      Mutation: {
        build: (_root, { name }: { name: string }) => run(`build ${name}`, () => (name === 'bad' ? fail() : name)),
        note: (_root, { text }: { text: string }) => run(`note ${text}`, () => text),
      },
      Part: { weight: ({ number }: { number: number }) => run(`weight ${number}`, () => number * 10) },
    },
  });
  return { schema, ran };
};

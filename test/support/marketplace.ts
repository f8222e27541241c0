/**
 * A schema whose answers tell their own price: whatever is delivered, the numbers in a response add up to what it must
 * cost. That makes a test's sum independent of how the paywall arrives at its own.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';

/** Both have the same fields at different prices, so that a document can't tell which it will meet. */
const goods = (name: string, factor: number): string => `
  type ${name} implements Goods {
    price: Int
    free: Int
    paid: Int @requiresPayment(cost: ${factor})
    many(n: Int!): Int @requiresPayment(cost: ${factor}, multipliers: ["n"])
    must: Int!
    other: Goods
    some: Any
    all: [Goods]
    strict: [Goods!]
    box: ${name} @requiresPayment(cost: ${3 * factor})
    shelf(first: Int!): Shelf
      @requiresPayment(cost: 1, multipliers: ["first"])
      @listSize(slicingArguments: ["first"], sizedFields: ["items"])
  }`;

const typeDefs = `
  type Query {
    goods: Goods
    any: Any
    all: [Goods]
    paid: Int @requiresPayment(cost: 5)
    free: Int
  }
  interface Goods {
    price: Int
    free: Int
    paid: Int
    many(n: Int!): Int
    must: Int!
    other: Goods
    some: Any
    all: [Goods]
    strict: [Goods!]
    shelf(first: Int!): Shelf
  }
  union Any = Plain | Fancy
  type Shelf { price: Int items: [Goods] }
  ${goods('Plain', 1)}
  ${goods('Fancy', 4)}
`;

interface Item {
  /** What the way to this object cost: its `price`. */
  readonly price: number;
  readonly random: () => number;
}

/** `random` gives numbers from 0 up to, not including, 1, and decides which objects come and what fails. */
export const marketplace = (random: () => number): GraphQLSchema => {
  const free = (): Item => ({ price: 0, random });
  const listOf = (length: number): readonly (Item | null)[] =>
    Array.from({ length }, () => (random() < 0.1 ? null : free()));
  const anyLength = (): number => Math.floor(random() * 14);
  const typeOf = (): string => (random() < 0.5 ? 'Plain' : 'Fancy');
  const mayFail = (value: number): number | null => {
    if (random() < 0.1) throw new Error('This one is out of stock.');
    return random() < 0.1 ? null : value;
  };
  const resolversOf = (factor: number) => ({
    free: () => 0,
    paid: () => mayFail(factor),
    many: (_item: Item, { n }: { n: number }) => mayFail(factor * n),
    must: () => mayFail(0),
    other: free,
    some: free,
    all: () => listOf(anyLength()),
    strict: () => listOf(anyLength()),
    box: () => ({ price: 3 * factor, random }),
    shelf: (_item: Item, { first }: { first: number }) => ({ price: first, items: listOf(first) }),
  });
  return makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs],
    resolvers: {
      Query: { goods: free, any: free, all: () => listOf(anyLength()), paid: () => mayFail(5), free: () => 0 },
      Goods: { __resolveType: typeOf },
      Any: { __resolveType: typeOf },
      Plain: resolversOf(1),
      Fancy: resolversOf(4),
    },
  });
};

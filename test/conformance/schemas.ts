/** The schemas of the matrix. Their resolvers note what ran. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { IResolvers } from '@graphql-tools/utils';
import { GraphQLError, GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import type { Note } from './row.js';

const FAILURE = 'The mine collapsed.';
const collapse = (): GraphQLError => new GraphQLError(FAILURE, { extensions: { code: 'COLLAPSED' } });

/** What a resolver of `gold` does once it has been let through. */
const DIGGING = {
  sync: () => 'Au',
  async: async () => Promise.resolve('Au'),
  throwing: () => {
    throw collapse();
  },
  rejecting: async () => Promise.reject(collapse()),
  'returning an Error': () => collapse(),
} as const;

const make = (typeDefs: string, resolvers: IResolvers): GraphQLSchema =>
  makeExecutableSchema({ typeDefs: [directiveTypeDefs(), typeDefs], resolvers });

/** `air` is free, `gold` costs 2, `silver` 1. */
export const metals =
  (digging: keyof typeof DIGGING = 'sync') =>
  (note: Note): GraphQLSchema =>
    make(
      /* GraphQL */ `
        type Query {
          air: String
          gold: String @requiresPayment(feature: "f", cost: 2)
          silver: String @requiresPayment(feature: "f", cost: 1)
        }
      `,
      {
        Query: {
          air: () => 'O2',
          gold: () => {
            note('gold');
            return DIGGING[digging]();
          },
          silver: () => {
            note('silver');
            return 'Ag';
          },
        },
      },
    );

const VEINS = [{ name: 'first' }, { name: 'second' }, { name: 'third' }];
const gold = (note: Note) => () => {
  note('gold');
  return 'Au';
};

/** Three veins of gold, of which each costs 2. How long the list is taken to be is for the row to say. */
export const veins =
  (listSize: string, items: readonly unknown[] = VEINS) =>
  (note: Note): GraphQLSchema =>
    make(
      /* GraphQL */ `
        type Query {
          veins(first: Int! = 1): [Vein] ${listSize}
        }
        type Vein {
          name: String
          gold: String @requiresPayment(feature: "f", cost: 2)
        }
      `,
      { Query: { veins: () => items }, Vein: { gold: gold(note) } },
    );

export const grid = (note: Note): GraphQLSchema =>
  make(
    /* GraphQL */ `
      type Query {
        grid: [[Vein]] @listSize(assumedSize: 2)
      }
      type Vein {
        gold: String @requiresPayment(feature: "f", cost: 2)
      }
    `,
    {
      Query: {
        grid: () => [
          [{}, {}],
          [{}, {}],
        ],
      },
      Vein: { gold: gold(note) },
    },
  );

/** `Gold.worth` costs 2, `Iron.worth` 1. */
export const kinds = (note: Note): GraphQLSchema =>
  make(
    /* GraphQL */ `
      type Query {
        metal(kind: String!): Metal
        either: [Either]
        node(id: ID!): Node
      }
      interface Node {
        id: ID!
      }
      interface Metal {
        worth: Int
      }
      union Either = Gold | Iron | Sand
      type Gold implements Metal & Node {
        id: ID!
        worth: Int @requiresPayment(feature: "f", cost: 2)
      }
      type Iron implements Metal & Node {
        id: ID!
        worth: Int @requiresPayment(feature: "f", cost: 1)
      }
      type Sand {
        colour: String
      }
    `,
    {
      Query: {
        metal: (_root, { kind }: { kind: string }) => ({ __typename: kind }),
        either: () => [{ __typename: 'Iron' }, { __typename: 'Sand', colour: 'yellow' }, { __typename: 'Gold' }],
        node: (_root, { id }: { id: string }) => ({ __typename: id, id }),
      },
      Gold: {
        worth: () => {
          note('gold');
          return 2000;
        },
      },
      Iron: {
        worth: () => {
          note('iron');
          return 3;
        },
      },
    },
  );

/** A mine costs 3 to enter, and gold 2 in it. `mineFeature` names what a plan must have to cover the mine. */
export const mine =
  (enter: string) =>
  (note: Note): GraphQLSchema =>
    make(
      /* GraphQL */ `
        type Query {
          air: String
          mine: Mine @requiresPayment(${enter})
        }
        type Mine {
          gold: String @requiresPayment(feature: "f", cost: 2)
        }
      `,
      {
        Query: {
          air: () => 'O2',
          mine: () => {
            note('mine');
            return {};
          },
        },
        Mine: { gold: gold(note) },
      },
    );

/** `dig` costs 2 and says how many digs were done before it; `write` is free. */
export const digging = (note: Note): GraphQLSchema => {
  let done = 0;
  return make(
    /* GraphQL */ `
      type Query {
        air: String
      }
      type Mutation {
        dig(for: String!): String @requiresPayment(feature: "f", cost: 2)
        write(text: String!): String
      }
    `,
    {
      Mutation: {
        dig: async (_root, args: { for: string }) => {
          note(`dig begins: ${args.for}`);
          const before = done;
          await new Promise((resolve) => setImmediate(resolve));
          done = before + 1;
          note(`dig ends: ${args.for}`);
          return args.for;
        },
        write: (_root, { text }: { text: string }) => {
          note(`write: ${text}`);
          return text;
        },
      },
    },
  );
};

export const renamed = (note: Note): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: /* GraphQL */ `
      directive @price(feature: String, cost: Int) on FIELD_DEFINITION
      type Query {
        gold: String @price(feature: "f", cost: 2)
        silver: String @price(feature: "f", cost: 1)
      }
    `,
    resolvers: { Query: { gold: gold(note), silver: () => 'Ag' } },
  });

export const codeFirst = (note: Note): GraphQLSchema => {
  const priced = (cost: number) => ({ directives: { requiresPayment: { feature: 'f', cost } } });
  const fields = {
    gold: { type: GraphQLString, extensions: priced(2), resolve: gold(note) },
    silver: { type: GraphQLString, extensions: priced(1), resolve: () => 'Ag' },
    depth: { type: GraphQLInt, resolve: () => 7 },
  };
  return new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) });
};

/** The object has gold and silver in it, and no field of it has a resolver of its own. */
export const objectOf =
  (source: (note: Note) => object) =>
  (note: Note): GraphQLSchema =>
    make(
      /* GraphQL */ `
        type Query {
          hoard: Hoard
        }
        type Hoard {
          gold: String @requiresPayment(feature: "f", cost: 2)
          silver: String @requiresPayment(feature: "f", cost: 1)
        }
      `,
      { Query: { hoard: () => source(note) } },
    );

export const withoutResolvers = (): GraphQLSchema =>
  make(
    /* GraphQL */ `
      type Query {
        air: String
        gold: String @requiresPayment(feature: "f", cost: 2)
        silver: String @requiresPayment(feature: "f", cost: 1)
      }
    `,
    {},
  );

export class HoardWithGetters {
  constructor(private readonly note: Note) {}
  get gold(): string {
    this.note('gold');
    return 'Au';
  }
  get silver(): string {
    this.note('silver');
    return 'Ag';
  }
}

export class HoardWithMethods {
  constructor(private readonly note: Note) {}
  gold(): string {
    this.note('gold');
    return 'Au';
  }
  async silver(): Promise<string> {
    this.note('silver');
    return Promise.resolve('Ag');
  }
}

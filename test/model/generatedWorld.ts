/**
 * A schema made up from a seed, and the data behind it. What a field's value is follows from the object it is on, the
 * field and its arguments, so that whoever asks gets the same answer, in any order.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { seededRandom } from '../support/seededRandom.js';

export interface Price {
  readonly feature: string | null;
  readonly cost: number | null;
  /** Whether `first` multiplies it. */
  readonly isMultiplied: boolean;
  /** Whether a value in which nothing was found is charged as well. */
  readonly chargesEmpty: boolean;
}

export interface ListSize {
  readonly isSlicing: boolean;
  readonly assumedSize: number | null;
  readonly sizedFields: readonly string[];
}

export interface Field {
  readonly name: string;
  /** `Int`, or a type of the world. */
  readonly of: string;
  /** 0: no list. */
  readonly lists: number;
  /** From the outside in, one more than there are lists. */
  readonly nonNull: readonly boolean[];
  /** The default of its argument `first`; `null`: it has no argument. */
  readonly first: number | null;
  readonly price: Price | null;
  readonly listSize: ListSize | null;
}

export interface World {
  readonly traits: Traits;
  readonly objects: ReadonlyMap<string, readonly Field[]>;
  /** Interfaces and unions, with the object types that they can be. */
  readonly abstract: ReadonlyMap<string, readonly string[]>;
  /** Fields of the interfaces. */
  readonly shared: ReadonlyMap<string, readonly Field[]>;
  readonly schema: GraphQLSchema;
  readonly valueOf: (object: Thing, field: Field, first: number | null) => Value;
}

/** What the world is to have in it. */
export interface Traits {
  readonly isNonNull: boolean;
  readonly hasAbstract: boolean;
  /** Whether lists can be longer than their arguments and `@listSize` say. */
  readonly isLonger: boolean;
  readonly isAsync: boolean;
  /** Whether paid fields are nullable, as the lint has it. */
  readonly isPaidNullable: boolean;
  /** Whether credits can buy every paid field. */
  readonly isAllForSale: boolean;
}

export interface Thing {
  readonly id: string;
  readonly type: string;
  /** What the field that gave it says of the length of its sized fields. */
  readonly told: number | null;
  /** Those are its sized fields. */
  readonly sized: readonly string[];
}

export type Value = number | Thing | Failure | null | readonly Value[];
export class Failure {
  readonly message = 'It broke.';
}

export const ROOT: Thing = { id: 'root', type: 'Query', told: null, sized: [] };

export class Dice {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }
  /** A whole number from 0 to below `below`. */
  upTo(below: number): number {
    return Math.floor(this.#random() * below);
  }
  chance(probability: number): boolean {
    return this.#random() < probability;
  }
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.upTo(items.length)];
    if (item === undefined) throw new Error('Nothing to pick from.');
    return item;
  }
}

/** Of a text, a number: FNV-1a. */
const hash = (text: string): number => {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return sum >>> 0;
};

export const FEATURES = ['alpha', 'beta', 'gamma'] as const;
export const LIST_SIZE_DEFAULT = 10;

export const makeWorld = (seed: number, traits: Traits): World => {
  const dice = new Dice(seed);
  const names = ['A', 'B', 'C', 'D'].slice(0, 2 + dice.upTo(3));
  const abstract = new Map<string, readonly string[]>();
  if (traits.hasAbstract) {
    abstract.set('Face', names.slice(0, 2 + dice.upTo(names.length - 1)));
    abstract.set('Either', names.slice(-2));
  }
  const maker = new FieldMaker(dice, traits, [...names, ...abstract.keys()]);
  const face = traits.hasAbstract ? [maker.field('s0'), maker.field('s1')].map(withoutPrice) : [];
  const objects = new Map<string, readonly Field[]>();
  for (const name of names) {
    const own = Array.from({ length: 2 + dice.upTo(3) }, (_, index) => maker.field(`${name.toLowerCase()}${index}`));
    const shared = abstract.get('Face')?.includes(name) ? face.map((field) => maker.priced(field)) : [];
    objects.set(name, [...own, ...shared]);
  }
  objects.set(
    'Query',
    Array.from({ length: 4 }, (_, index) => maker.field(`q${index}`)),
  );
  objects.set(
    'Mutation',
    Array.from({ length: 2 }, (_, index) => maker.field(`m${index}`)),
  );
  const shared = new Map(traits.hasAbstract ? [['Face', face]] : []);
  for (const [name, fields] of objects)
    objects.set(
      name,
      fields.map((field) => withRealLists(field, objects, shared)),
    );
  const valueOf = valuesOf(seed, traits, abstract);
  const parts = { traits, objects, abstract, shared, valueOf };
  return { ...parts, schema: schemaOf(parts, new Dice(seed + 1)) };
};

/** Of an interface: each implementing type sets a price of its own, for which it must be nullable. */
const withoutPrice = (field: Field): Field => ({
  ...field,
  nonNull: [false, ...field.nonNull.slice(1)],
  price: null,
  listSize: null,
});

/** Fields of these names are sized by the field above them, where they are lists. */
const SIZED = ['a0', 'b0', 'a1', 's0'];

/** Its sized fields are those lists among `SIZED` that its type really has. */
const withRealLists = (
  field: Field,
  objects: ReadonlyMap<string, readonly Field[]>,
  shared: ReadonlyMap<string, readonly Field[]>,
): Field => {
  if (field.listSize === null || field.lists > 0) return field;
  const fields = objects.get(field.of) ?? shared.get(field.of) ?? [];
  const sizedFields = SIZED.filter((name) => fields.some((each) => each.name === name && each.lists > 0));
  return { ...field, listSize: sizedFields.length === 0 ? null : { ...field.listSize, sizedFields } };
};

class FieldMaker {
  constructor(
    private readonly dice: Dice,
    private readonly traits: Traits,
    private readonly types: readonly string[],
  ) {}

  field(name: string): Field {
    const { dice } = this;
    const lists = dice.chance(0.35) ? 1 + (dice.chance(0.2) ? 1 : 0) : 0;
    const of = dice.chance(0.45) ? 'Int' : dice.pick(this.types);
    const nonNull = Array.from({ length: lists + 1 }, () => this.traits.isNonNull && dice.chance(0.5));
    const first = dice.chance(0.5) ? 1 + dice.upTo(3) : null;
    return this.priced({ name, of, lists, nonNull, first, price: null, listSize: null });
  }

  /** The same field with a price and a list size of its own. */
  priced(field: Field): Field {
    const { dice } = this;
    const price = dice.chance(0.45) ? this.#price(field) : null;
    const isNullable = price !== null && this.traits.isPaidNullable;
    const nonNull = isNullable ? [false, ...field.nonNull.slice(1)] : field.nonNull;
    return { ...field, nonNull, price, listSize: dice.chance(0.6) ? this.#listSize(field) : null };
  }

  #price({ first }: Field): Price {
    const { dice } = this;
    const cost = this.traits.isAllForSale || dice.chance(0.85) ? dice.upTo(4) : null;
    const feature = dice.chance(0.8) ? dice.pick(FEATURES) : null;
    return { feature, cost, isMultiplied: first !== null && dice.chance(0.5), chargesEmpty: dice.chance(0.2) };
  }

  #listSize({ first, lists, of }: Field): ListSize | null {
    const { dice } = this;
    const isSized = lists === 0 && of !== 'Int';
    if (lists === 0 && !isSized) return null;
    const isSlicing = first !== null && dice.chance(0.7);
    // Beside an argument with a default it would never count.
    const assumedSize = dice.chance(0.5) ? dice.upTo(4) : null;
    const sizedFields = isSized ? SIZED : [];
    return { isSlicing, assumedSize: isSlicing ? null : assumedSize, sizedFields };
  }
}

/** What a field says of the length of lists: its own, or those of its sized fields. */
export const toldBy = ({ listSize }: Field, first: number | null): number | null => {
  if (listSize === null) return null;
  return listSize.isSlicing && first !== null ? first : listSize.assumedSize;
};

const valuesOf = (seed: number, { isLonger }: Traits, abstract: World['abstract']): World['valueOf'] => {
  const make = (field: Field, id: string, depth: number, told: number | null, size: number): Value => {
    const dice = new Dice(hash(`${seed} ${id}`));
    if (dice.chance(0.04)) return null;
    if (depth < field.lists) {
      const most = Math.min(depth === 0 ? size : LIST_SIZE_DEFAULT, 4);
      const length = isLonger && dice.chance(0.3) ? most + 1 + dice.upTo(2) : dice.upTo(most + 1);
      return Array.from({ length }, (_, index) => make(field, `${id}.${index}`, depth + 1, told, size));
    }
    if (field.of === 'Int') return dice.upTo(1000);
    const sized = field.listSize?.sizedFields ?? [];
    return { id, type: dice.pick(abstract.get(field.of) ?? [field.of]), told, sized };
  };
  return (object, field, first) => {
    const id = `${object.id}/${field.name}(${first ?? ''})`;
    if (new Dice(hash(`${seed} fails ${id}`)).chance(0.04)) return new Failure();
    const told = toldBy(field, first);
    const size = isSizedBy(object, field) ?? told ?? LIST_SIZE_DEFAULT;
    return make(field, id, 0, field.listSize?.sizedFields.length ? told : null, size);
  };
};

const isSizedBy = ({ told, sized }: Thing, { name }: Field): number | null => (sized.includes(name) ? told : null);

type Parts = Omit<World, 'schema'>;

const schemaOf = (parts: Parts, dice: Dice): GraphQLSchema => {
  const { objects, abstract, shared } = parts;
  const types = [...objects].map(([name, fields]) => {
    const faces = abstract.get('Face')?.includes(name) ? ' implements Face' : '';
    return `type ${name}${faces} {\n${fields.map(fieldInSdl).join('\n')}\n}`;
  });
  const faces = [...shared].map(([name, fields]) => `interface ${name} {\n${fields.map(fieldInSdl).join('\n')}\n}`);
  const either = abstract.get('Either');
  const unions = either === undefined ? [] : [`union Either = ${either.join(' | ')}`];
  const resolveType = ({ type }: Thing) => type;
  return makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), ...types, ...faces, ...unions],
    resolvers: {
      ...Object.fromEntries([...objects].map(([name, fields]) => [name, resolversOf(parts, name, fields, dice)])),
      ...Object.fromEntries([...abstract.keys()].map((name) => [name, { __resolveType: resolveType }])),
    },
  });
};

const resolversOf = ({ traits, valueOf }: Parts, type: string, fields: readonly Field[], dice: Dice) =>
  Object.fromEntries(
    fields.map((field) => {
      const isAsync = traits.isAsync && dice.chance(0.5);
      const resolve = (source: Thing | undefined, { first = null }: { readonly first?: number | null }) => {
        const value = valueOf(source ?? { ...ROOT, type }, field, first);
        if (value instanceof Failure) throw new GraphQLError(value.message);
        return value;
      };
      return [
        field.name,
        isAsync
          ? async (...args: Parameters<typeof resolve>) => {
              await new Promise((done) => setImmediate(done));
              return resolve(...args);
            }
          : resolve,
      ];
    }),
  );

const fieldInSdl = ({ name, of, lists, nonNull, first, price, listSize }: Field): string => {
  let type = of + (nonNull[lists] === true ? '!' : '');
  for (let depth = lists - 1; depth >= 0; depth -= 1) type = `[${type}]${nonNull[depth] === true ? '!' : ''}`;
  return [
    `  ${name}${first === null ? '' : `(first: Int! = ${first})`}: ${type}`,
    price === null ? '' : priceInSdl(price),
    listSize === null ? '' : listSizeInSdl(listSize),
  ].join(' ');
};

const priceInSdl = ({ feature, cost, isMultiplied, chargesEmpty }: Price): string => {
  const settings = [
    ...(feature === null ? [] : [`feature: "${feature}"`]),
    ...(cost === null ? [] : [`cost: ${cost}`]),
    ...(isMultiplied ? ['multipliers: ["first"]'] : []),
    ...(chargesEmpty ? ['chargeEmpty: true'] : []),
  ];
  return `@requiresPayment${settings.length === 0 ? '' : `(${settings.join(', ')})`}`;
};

const listSizeInSdl = ({ isSlicing, assumedSize, sizedFields }: ListSize): string => {
  const settings = [
    ...(isSlicing ? ['slicingArguments: ["first"]'] : []),
    ...(assumedSize === null ? [] : [`assumedSize: ${assumedSize}`]),
    ...(sizedFields.length === 0 ? [] : [`sizedFields: ${JSON.stringify(sizedFields)}`]),
  ];
  return settings.length === 0 ? '' : `@listSize(${settings.join(', ')})`;
};

/**
 * Directives that are nearly a price and not one, in SDL and in `extensions.directives` alike: without a word they would
 * leave free what they stand on.
 */
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import type { ConstDirectiveNode, GraphQLNamedType, GraphQLSchema } from 'graphql';

/** What a directive can be applied to. */
interface Directable {
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly astNode?: Applied;
  readonly extensionASTNodes?: readonly Applied[] | null;
}

type Applied = { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined;

interface Place {
  readonly where: string;
  readonly on: Directable;
  /** Whether a price is read here. */
  readonly isPriced: boolean;
}

/** Directives that are nearly `own`, and prices where none is read. */
export const misplacedDirectives = (schema: GraphQLSchema, price: string, own: readonly string[]): readonly string[] =>
  placesIn(schema).flatMap(({ where, on, isPriced }) =>
    namesOn(on).flatMap((name) => {
      if (own.includes(name)) {
        return name === price && !isPriced
          ? [`${where}: @${price} is not read here. It belongs on fields and object types.`]
          : [];
      }
      const meant = own.find((each) => isNearly(name, each));
      return meant === undefined
        ? []
        : [`${where}: @${name} does nothing. Write @${meant}, or choose a name that is less like it.`];
    }),
  );

const namesOn = ({ extensions, astNode, extensionASTNodes }: Directable): readonly string[] => {
  const inSdl = [astNode, ...(extensionASTNodes ?? [])].flatMap((node) => node?.directives ?? []);
  const { directives } = extensions;
  const inExtensions = typeof directives === 'object' && directives !== null ? Object.keys(directives) : [];
  return [...inExtensions, ...inSdl.map(({ name }) => name.value)];
};

const placesIn = (schema: GraphQLSchema): readonly Place[] => [
  { where: 'The schema', on: schema, isPriced: false },
  ...Object.values(schema.getTypeMap()).flatMap((type) => [
    { where: type.name, on: type, isPriced: isObjectType(type) || isInterfaceType(type) },
    ...placesOf(type),
  ]),
];

const placesOf = (type: GraphQLNamedType): readonly Place[] => {
  const within = (parts: Readonly<Record<string, Directable>>): readonly Place[] =>
    Object.entries(parts).map(([name, on]) => ({ where: `${type.name}.${name}`, on, isPriced: false }));
  if (isEnumType(type)) return within(Object.fromEntries(type.getValues().map((value) => [value.name, value])));
  if (isInputObjectType(type)) return within(type.getFields());
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    { where: `${type.name}.${field.name}`, on: field, isPriced: true },
    ...field.args.map((on) => ({ where: `${type.name}.${field.name}(${on.name}:)`, on, isPriced: false })),
  ]);
};

/** Short names are like each other by chance. */
const LETTERS_PER_SLIP = 5;

/** Whether a name is another one but for case, underscores and a slip or two of the pen. */
const isNearly = (name: string, meant: string): boolean => {
  const [a, b] = [lettersOf(name), lettersOf(meant)];
  return slipsBetween(a, b) <= Math.min(2, Math.floor(b.length / LETTERS_PER_SLIP));
};

const lettersOf = (name: string): string => name.toLowerCase().replaceAll('_', '');

/** Levenshtein's distance: letters that are added, left out or replaced. */
const slipsBetween = (a: string, b: string): number => {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 0; row < a.length; row += 1) {
    const current = [row + 1];
    for (let at = 0; at < b.length; at += 1) {
      const replaced = (before[at] ?? 0) + Number(a[row] !== b[at]);
      current.push(Math.min(replaced, (before[at + 1] ?? 0) + 1, (current[at] ?? 0) + 1));
    }
    before = current;
  }
  return before[b.length] ?? 0;
};

/**
 * How large a document may be, found out before any other rule looks at it: rules of graphql-js take time that grows with
 * the square of some documents, and run out of stack on fragments that spread each other. Fields beneath lists count as
 * often as the list is long.
 */
import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type {
  ArgumentNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValidationRule,
  ValueNode,
} from 'graphql';
import type { ListSize } from '../price/listSize.js';
import { subscriptionConditionsRule } from './subscriptionConditionsRule.js';
import { withCode } from './withCode.js';

export interface DocumentLimits {
  readonly tokens: number;
  /** Of fields within fields; introspection has limits of its own. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields that the response may have, as far as the lengths of lists are known. */
  readonly complexity: number;
}

/** What is known of a schema's lists beside their types. */
interface Lists {
  readonly sizes: ReadonlyMap<string, ListSize>;
  /** How many fields are paid: so many terms there are. */
  readonly paidCount: number;
}

/** How a schema's documents are read; also for a server that reads them itself. */
export interface DocumentReader {
  /** For graphql-js' `parse`. */
  readonly parseOptions: { readonly maxTokens?: number };
  /** For graphql-js' `validate`, besides those of the specification. */
  readonly validationRules: ValidationRule[];
  /** The document, or what is wrong with it. */
  readonly read: (source: string) => DocumentNode | readonly GraphQLError[];
  /** Why an operation of a document that was read is too large with these variables, as they came; `null`: it is not. */
  readonly tooLarge: (operation: SizedOperation) => GraphQLError | null;
}

export interface SizedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables?: Variables | null | undefined;
}

type Variables = Readonly<Record<string, unknown>>;

export interface ReaderTerms {
  readonly lists?: Lists;
  /** Whether documents that are read here may ask for the schema. */
  readonly introspection?: boolean;
}

const NO_LISTS: Lists = { sizes: new Map(), paidCount: 0 };

/** `null`: documents of any size. */
export const documentReader = (
  schema: GraphQLSchema,
  limits: DocumentLimits | null,
  { lists = NO_LISTS, introspection = true }: ReaderTerms = {},
): DocumentReader => {
  const parseOptions = limits === null ? {} : { maxTokens: limits.tokens };
  const sizedByVariables: SizedByVariables = new WeakMap();
  const limitRules = limits === null ? [] : [documentLimitsRule(limits, lists, sizedByVariables)];
  const validationRules = [subscriptionConditionsRule, ...limitRules];
  const rules = [...validationRules, ...specifiedRules, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])];
  return {
    parseOptions,
    validationRules,
    read: (source) => {
      let document: DocumentNode;
      try {
        document = parse(source, parseOptions);
      } catch (error) {
        if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
        // Lists within lists, thousands deep: the parser has no more stack.
        if (error instanceof RangeError)
          return [withCode(new GraphQLError('The document is nested too deeply.'), 'GRAPHQL_PARSE_FAILED')];
        throw error;
      }
      const errors = validate(schema, document, rules, { ...VALIDATION_OPTIONS, hideSuggestions: !introspection });
      return errors.length > 0 ? errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) : document;
    },
    tooLarge: ({ document, operation, variables }) => {
      if (limits === null) return null;
      const sized = sizedByVariables.get(document);
      if (sized === undefined) return null;
      const sizeOf = (name: string) => sizeIn(variables?.[name]) ?? defaultOf(operation, name);
      // One that is left out leaves it to the argument's default, whatever that is.
      if (sized.variables.every((name) => (sizeOf(name) ?? Number.POSITIVE_INFINITY) <= sized.soundUpTo)) return null;
      const fault = new DocumentMeasure(schema, document, lists, sizeOf).faultFor(limits, [operation]);
      return fault === null ? null : new GraphQLError(fault, { extensions: { code: 'BAD_USER_INPUT' } });
    },
  };
};

/** What is wrong after that is not looked for: it takes time, and nobody reads so many. */
export const VALIDATION_OPTIONS = { maxErrors: 20 } as const;

const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** What a variable says of a length: by its number, or by how many values it has. */
const sizeIn = (value: unknown): number | null => (Array.isArray(value) ? value.length : numberIn(value));

const defaultOf = ({ variableDefinitions = [] }: OperationDefinitionNode, name: string): number | null => {
  const usual = variableDefinitions.find(({ variable }) => variable.name.value === name)?.defaultValue;
  if (usual?.kind === Kind.LIST) return usual.values.length;
  return usual?.kind === Kind.INT ? Number(usual.value) : null;
};

/** Documents in which variables tell how long lists are: which ones, and up to which value of all of them nothing is too large. */
type SizedByVariables = WeakMap<DocumentNode, { readonly variables: readonly string[]; readonly soundUpTo: number }>;

/** Of lists whose lengths variables tell: most operations are measured for it once and for all, with their document. */
const PAGE_SIZE_USUAL = 100;

/**
 * Where a document is too large the other rules get an empty one in its place, in which they find nothing. Where that
 * depends on variables, it is found out when they are known.
 */
const documentLimitsRule =
  (limits: DocumentLimits, lists: Lists, sizedByVariables: SizedByVariables): ValidationRule =>
  (context) => ({
    Document: (document) => {
      const measureWith = (size: number) => new DocumentMeasure(context.getSchema(), document, lists, () => size);
      const usual = measureWith(PAGE_SIZE_USUAL);
      const isSound = usual.faultFor(limits) === null;
      const variables = [...usual.sizeVariables];
      const fault = isSound ? null : measureWith(0).faultFor(limits);
      if (variables.length > 0) {
        sizedByVariables.set(document, { variables, soundUpTo: isSound ? PAGE_SIZE_USUAL : 0 });
      }
      if (fault === null) return undefined;
      context.reportError(new GraphQLError(fault));
      return { ...document, definitions: [] };
    },
  });

interface Extent {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly complexity: number;
}

const NOTHING: Extent = { depth: 0, aliases: 0, directives: 0, complexity: 0 };

const LIST_SIZE_DEFAULT = 10;

/** Lengths that a field told of the lists among its own fields. */
interface Told {
  readonly size: number;
  readonly fields: readonly string[];
}

const TOLD_NOTHING: Told = { size: 0, fields: [] };

/** Measures each fragment once, so that the time it takes grows with the document and not with what it spreads to. */
class DocumentMeasure {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #measured = new Map<string, Extent>();
  /** Fragments that are being measured. */
  readonly #underWay = new Set<string>();
  #cycle: string | null = null;
  /** Those that tell how long a list is. */
  readonly sizeVariables = new Set<string>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode,
    private readonly lists: Lists,
    /** What a variable says of a length; `null`: nothing. */
    private readonly sizeOf: (variable: string) => number | null,
  ) {
    const definitions = document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [each] : []));
    this.#fragments = new Map(definitions.map((each) => [each.name.value, each]));
  }

  /** What is too large, in a sentence; `null`: nothing is. */
  faultFor(limits: DocumentLimits, definitions = this.document.definitions): string | null {
    for (const name of this.#fragments.keys()) this.#fragment(name, TOLD_NOTHING);
    if (this.#cycle !== null) return `Cannot spread fragment "${this.#cycle}" within itself.`;
    for (const definition of definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const root = this.schema.getRootType(definition.operation);
      const extent = this.#selection(definition.selectionSet, root ?? undefined, TOLD_NOTHING);
      const found = { ...extent, directives: extent.directives + (definition.directives?.length ?? 0) };
      for (const [what, name] of NAMES) {
        if (found[what] > limits[what])
          return `The operation has ${name} ${found[what]}, and at most ${limits[what]} is allowed.`;
      }
    }
    return null;
  }

  /** Measured for each length that the field above tells of the lists in it. */
  #fragment(name: string, told: Told): Extent {
    const key = JSON.stringify([name, told]);
    const measured = this.#measured.get(key);
    if (measured !== undefined) return measured;
    const fragment = this.#fragments.get(name);
    if (fragment === undefined) return NOTHING;
    if (this.#underWay.has(name)) {
      this.#cycle ??= name;
      return NOTHING;
    }
    this.#underWay.add(name);
    const type = this.schema.getType(fragment.typeCondition.name.value);
    const extent = this.#selection(fragment.selectionSet, type, told);
    this.#underWay.delete(name);
    this.#measured.set(key, extent);
    return extent;
  }

  #selection({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined, told: Told): Extent {
    let [depth, aliases, directives, complexity] = [0, 0, 0, 0];
    for (const selection of selections) {
      const extent =
        selection.kind === Kind.FIELD
          ? this.#field(selection, parent, told)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? this.#fragment(selection.name.value, told)
            : this.#selection(
                selection.selectionSet,
                this.#condition(selection.typeCondition?.name.value) ?? parent,
                told,
              );
      depth = Math.max(depth, extent.depth);
      aliases += extent.aliases;
      directives += extent.directives + (selection.directives?.length ?? 0);
      complexity += extent.complexity;
    }
    return { depth, aliases, directives, complexity };
  }

  #condition(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.schema.getType(name);
  }

  #field(node: FieldNode, parent: GraphQLNamedType | undefined, told: Told): Extent {
    const name = node.name.value;
    const aliases = node.alias === undefined ? 0 : 1;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const { length, beneath: toldBeneath } = this.#lengths(node, `${parent?.name ?? ''}.${name}`, field, told);
    const type = field === undefined ? undefined : getNamedType(field.type);
    const beneath = node.selectionSet === undefined ? NOTHING : this.#selection(node.selectionSet, type, toldBeneath);
    const extent = { ...beneath, aliases: beneath.aliases + aliases };
    const fixed = costOf(parent, name);
    return fixed !== null
      ? { ...extent, depth: 1, complexity: fixed }
      : { ...extent, depth: beneath.depth + 1, complexity: 1 + length * beneath.complexity };
  }

  /** How long a field's list is, and what the field tells of lists among its own fields. */
  #lengths(
    { name, arguments: given = [] }: FieldNode,
    coordinate: string,
    field: GraphQLField<unknown, unknown> | undefined,
    told: Told,
  ): { readonly length: number; readonly beneath: Told } {
    if (field === undefined) return { length: 1, beneath: TOLD_NOTHING };
    const listSize = this.lists.sizes.get(coordinate);
    const size =
      coordinate === TERMS
        ? this.#termsAsked(given)
        : listSize === undefined
          ? null
          : this.#sizeTold(listSize, field, given);
    if (isListType(getNullableType(field.type))) {
      const length = size ?? (told.fields.includes(name.value) ? told.size : LIST_SIZE_DEFAULT);
      return { length, beneath: TOLD_NOTHING };
    }
    return { length: 1, beneath: size === null ? TOLD_NOTHING : { size, fields: listSize?.sizedFields ?? [] } };
  }

  /** As `@listSize` and arguments tell it; `null`: they don't. */
  #sizeTold(
    { slicingArguments, assumedSize }: ListSize,
    { args }: GraphQLField<unknown, unknown>,
    given: readonly ArgumentNode[],
  ): number | null {
    const sizes = slicingArguments.flatMap((name) => {
      const usual = numberIn(args.find((each) => each.name === name)?.defaultValue);
      const size = this.#sizeGiven(given.find((each) => each.name.value === name)?.value) ?? usual;
      return size === null ? [] : [size];
    });
    return sizes.length > 0 ? Math.max(0, ...sizes) : assumedSize;
  }

  /** As many as are named; all that there are where none is. */
  #termsAsked(given: readonly ArgumentNode[]): number {
    const value = given.find(({ name }) => name.value === 'coordinates')?.value;
    if (value?.kind === Kind.LIST) return value.values.length;
    if (value?.kind === Kind.STRING) return 1;
    return this.#sizeGiven(value) ?? this.lists.paidCount;
  }

  #sizeGiven(value: ValueNode | undefined): number | null {
    if (value?.kind === Kind.INT) return Number(value.value);
    if (value?.kind !== Kind.VARIABLE) return null;
    this.sizeVariables.add(value.name.value);
    return this.sizeOf(value.name.value);
  }
}

/** The one list of Tollgate's own whose length no number tells. */
const TERMS = 'Billing.terms';

/** Of the whole schema, and of a quote, which reads a document of its own: a few of them at a time. */
const COST_OF_MUCH = 1_500;

/** What a field costs whatever is selected of it; `null`: that depends. */
const costOf = (parent: GraphQLNamedType | undefined, name: string): number | null => {
  if (name === '__typename') return 1;
  const isMuch = name.startsWith('__') || (parent?.name === 'Billing' && name === 'quote');
  return isMuch ? COST_OF_MUCH : null;
};

const NAMES = [
  ['depth', 'a depth of'],
  ['aliases', 'a number of aliases of'],
  ['directives', 'a number of directives of'],
  ['complexity', 'a complexity of'],
] as const;

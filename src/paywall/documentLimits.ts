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
  SelectionSetNode,
  ValidationRule,
} from 'graphql';
import type { ListSize } from './requirements.js';

export interface DocumentLimits {
  readonly tokens: number;
  /** Of fields within fields; introspection has limits of its own. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields that the response may have, as far as the lengths of lists are known. */
  readonly complexity: number;
}

type ListSizes = ReadonlyMap<string, ListSize>;

/** How a schema's documents are read; also for a server that reads them itself. */
export interface DocumentReader {
  /** For graphql-js' `parse`. */
  readonly parseOptions: { readonly maxTokens?: number };
  /** For graphql-js' `validate`, besides those of the specification. */
  readonly validationRules: ValidationRule[];
  /** The document, or what is wrong with it. */
  readonly read: (source: string) => DocumentNode | readonly GraphQLError[];
}

export interface ReaderTerms {
  readonly listSizes?: ListSizes;
  /** Whether documents that are read here may ask for the schema. */
  readonly introspection?: boolean;
}

/** `null`: documents of any size. */
export const documentReader = (
  schema: GraphQLSchema,
  limits: DocumentLimits | null,
  { listSizes = new Map(), introspection = true }: ReaderTerms = {},
): DocumentReader => {
  const parseOptions = limits === null ? {} : { maxTokens: limits.tokens };
  const validationRules = limits === null ? [] : [documentLimitsRule(limits, listSizes)];
  const rules = [...validationRules, ...specifiedRules, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])];
  return {
    parseOptions,
    validationRules,
    read: (source) => {
      let document: DocumentNode;
      try {
        document = parse(source, parseOptions);
      } catch (error) {
        if (error instanceof GraphQLError) return [error];
        // Lists within lists, thousands deep: the parser has no more stack.
        if (error instanceof RangeError) return [new GraphQLError('The document is nested too deeply.')];
        throw error;
      }
      const errors = validate(schema, document, rules, { hideSuggestions: !introspection });
      return errors.length > 0 ? errors : document;
    },
  };
};

/** Where a document is too large the other rules get an empty one in its place, in which they find nothing. */
const documentLimitsRule =
  (limits: DocumentLimits, listSizes: ListSizes): ValidationRule =>
  (context) => ({
    Document: (document) => {
      const fault = new DocumentMeasure(context.getSchema(), document, listSizes).faultFor(limits);
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
/** Of a list whose length a variable tells: a large page. */
const LIST_SIZE_BY_VARIABLE = 100;

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

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode,
    private readonly listSizes: ListSizes,
  ) {
    const definitions = document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [each] : []));
    this.#fragments = new Map(definitions.map((each) => [each.name.value, each]));
  }

  /** What is too large, in a sentence; `null`: nothing is. */
  faultFor(limits: DocumentLimits): string | null {
    for (const name of this.#fragments.keys()) this.#fragment(name, TOLD_NOTHING);
    if (this.#cycle !== null) return `Cannot spread fragment "${this.#cycle}" within itself.`;
    for (const definition of this.document.definitions) {
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
    const listSize = this.listSizes.get(coordinate);
    const size = listSize === undefined ? null : sizeTold(listSize, field, given);
    if (isListType(getNullableType(field.type))) {
      const length = size ?? (told.fields.includes(name.value) ? told.size : LIST_SIZE_DEFAULT);
      return { length, beneath: TOLD_NOTHING };
    }
    return { length: 1, beneath: size === null ? TOLD_NOTHING : { size, fields: listSize?.sizedFields ?? [] } };
  }
}

/** Of the whole schema, and of a quote, which reads a document of its own: a few of them at a time. */
const COST_OF_MUCH = 4_000;

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

/** As `@listSize` and literal arguments tell it; `null`: they don't. */
const sizeTold = (
  { slicingArguments, assumedSize }: ListSize,
  { args }: GraphQLField<unknown, unknown>,
  given: readonly ArgumentNode[],
): number | null => {
  const sizes = slicingArguments.flatMap((name) => {
    const value = given.find((each) => each.name.value === name)?.value;
    if (value === undefined) {
      const usual = args.find((each) => each.name === name)?.defaultValue;
      return typeof usual === 'number' ? [usual] : [];
    }
    if (value.kind === Kind.VARIABLE) return [LIST_SIZE_BY_VARIABLE];
    return value.kind === Kind.INT ? [Number(value.value)] : [];
  });
  return sizes.length > 0 ? Math.max(0, ...sizes) : assumedSize;
};

/**
 * What of a document does not change from request to request, worked out once per document and forgotten with it: its
 * places, and its quote where no variable changes the price.
 */
import { createHash } from 'node:crypto';
import { getOperationAST, getVariableValues, GraphQLError, Kind, OperationTypeNode, print } from 'graphql';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { conditionVariables, placesOf } from './places.js';
import type { Fragments, Places, PricedSchema, Variables } from './places.js';
import { isConstantPrice, quoteOperation, tooManyPlaces } from './quote.js';
import type { Quote } from './quote.js';

/** The places of an operation for one set of answers to its `@skip` and `@include`. */
interface Variant {
  readonly places: Places;
  /** `null`: it depends on the variables. */
  readonly constantQuote: Quote | null;
}

const isFree = ({ places }: Variant): boolean => places.root.places.length === 0;

/** An operation of a document, ready to be quoted. */
export class CompiledOperation {
  /** Documents with many conditions have many variants; the most recent are kept. */
  readonly #variants = new LRUCache<string, Variant>({ max: VARIANTS_MAX });
  /** Of an operation without conditions. */
  #only: Variant | undefined;
  readonly #conditions: readonly string[];
  readonly name: string | null;
  readonly isMutation: boolean;
  #text: string | undefined;
  #hash: string | undefined;

  constructor(
    readonly operation: OperationDefinitionNode,
    private readonly fragments: Fragments,
    private readonly priced: PricedSchema,
    private readonly maxPositions: number,
  ) {
    this.name = operation.name?.value ?? null;
    this.isMutation = operation.operation === OperationTypeNode.MUTATION;
    this.#conditions = conditionVariables(operation, fragments);
  }

  /** The same for the same operation, however the client wrote it down and whatever its variables are. */
  get hash(): string {
    return (this.#hash ??= createHash('sha256').update(this.#printed).digest('base64url'));
  }

  /** The same for the same operation with the same variables, however the client wrote them down. */
  fingerprint(variables: Variables | null | undefined): string {
    const { coerced } = getVariableValues(
      this.priced.schema,
      this.operation.variableDefinitions ?? [],
      variables ?? {},
    );
    return createHash('sha256')
      .update(this.#printed)
      .update(JSON.stringify(coerced ?? {}, plainly))
      .digest('base64url');
  }

  get #printed(): string {
    return (this.#text ??= [this.operation, ...this.fragments.values()].map(print).join('\n'));
  }

  /**
   * The quote for these variables as they came; `null` where nothing of it is paid, or where the variables are wrong,
   * which the executor will say. A `GraphQLError`: its arguments give no sound price.
   */
  quote(variables: Variables | null | undefined): Quote | GraphQLError | null {
    try {
      return this.#quote(variables ?? {});
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
  }

  #quote(variables: Variables): Quote | null {
    if (this.#conditions.length === 0 && isFree(this.#variantOf(NO_VARIABLES))) return null;
    const definitions = this.operation.variableDefinitions ?? [];
    const coerced =
      definitions.length === 0 ? NO_VARIABLES : getVariableValues(this.priced.schema, definitions, variables).coerced;
    if (coerced === undefined) return null;
    const variant = this.#variantOf(coerced);
    if (isFree(variant)) return null;
    return variant.constantQuote ?? quoteOperation(variant.places, coerced, this.maxPositions);
  }

  #variantOf(coerced: Variables): Variant {
    if (this.#conditions.length === 0) return (this.#only ??= this.#variantFor(NO_VARIABLES));
    const key = this.#conditions.map((name) => answerOf(coerced[name])).join('');
    const known = this.#variants.get(key);
    if (known !== undefined) return known;
    const variant = this.#variantFor(coerced);
    this.#variants.set(key, variant);
    return variant;
  }

  #variantFor(conditions: Variables): Variant {
    const { operation, fragments, maxPositions } = this;
    const maxPlaces = Math.max(maxPositions, PLACES_MAX);
    const places = placesOf(this.priced, { operation, fragments, conditions, maxPlaces });
    if (places === null) throw tooManyPlaces(maxPlaces);
    const constantQuote = isConstantPrice(places) ? quoteOperation(places, {}, maxPositions) : null;
    return { places, constantQuote };
  }
}

const NO_VARIABLES: Variables = {};

/** A null is neither: the executor finds it wrong where it comes to it. */
const answerOf = (condition: unknown): string => (condition === true ? '1' : condition === false ? '0' : '-');
const VARIANTS_MAX = 32;
/** Free fields that lead to paid ones cost work, too, though they ask for no position. */
const PLACES_MAX = 10_000;

/** A coerced value can be what JSON has no form for. */
const plainly = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

export class DocumentCompiler {
  /** By document and operation name. Documents are held by whoever parsed them, so the cache is bounded by theirs. */
  readonly #compiled = new WeakMap<DocumentNode, Map<string | null, CompiledOperation>>();

  constructor(
    private readonly priced: PricedSchema,
    private readonly maxPositions: number,
  ) {}

  /** `null` where the document has no such operation, or several and no name was given. */
  compile(document: DocumentNode, operationName: string | null): CompiledOperation | null {
    const known = this.#compiled.get(document);
    const before = known?.get(operationName);
    if (before !== undefined) return before;
    const operation = getOperationAST(document, operationName);
    // Names that the document does not have come from outside: they are not remembered.
    if (operation == null) return null;
    const compiled = new CompiledOperation(operation, fragmentsOf(document), this.priced, this.maxPositions);
    if (known === undefined) this.#compiled.set(document, new Map([[operationName, compiled]]));
    else known.set(operationName, compiled);
    return compiled;
  }
}

const fragmentsOf = (document: DocumentNode): Fragments => {
  const fragments = document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
};

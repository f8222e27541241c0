/** What of a document does not change from request to request, worked out once per document and forgotten with it. */
import { getOperationAST, Kind } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import { selectsPaidField } from './quote.js';
import type { PricedSchema } from './quote.js';

export interface CompiledOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Whether it selects a paid field whatever its variables are. */
  readonly selectsPaid: boolean;
}

export class DocumentCompiler {
  /** By document and operation name. Documents are held by whoever parsed them, so the cache is bounded by theirs. */
  readonly #compiled = new WeakMap<DocumentNode, Map<string | null, CompiledOperation | null>>();

  constructor(private readonly priced: PricedSchema) {}

  /** `null` where the document has no such operation, or several and no name was given. */
  compile(document: DocumentNode, operationName: string | null): CompiledOperation | null {
    const known = this.#compiled.get(document) ?? new Map<string | null, CompiledOperation | null>();
    this.#compiled.set(document, known);
    const before = known.get(operationName);
    if (before !== undefined) return before;
    const operation = getOperationAST(document, operationName);
    // Names that the document does not have come from outside: they are not remembered.
    if (operation == null) return null;
    const fragments = fragmentsOf(document);
    const compiled = { operation, fragments, selectsPaid: selectsPaidField(this.priced, operation, fragments) };
    known.set(operationName, compiled);
    return compiled;
  }
}

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> => {
  const fragments = document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
};

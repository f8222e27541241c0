/**
 * A subscription that selects its root field or not, as a variable says, is none (GraphQL specification, "Single Root
 * Field"). graphql-js' own rule has no variables to look at, and throws in place of saying so.
 */
import { GraphQLError, Kind, OperationTypeNode } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, SelectionNode, SelectionSetNode, ValidationRule } from 'graphql';

export const subscriptionConditionsRule: ValidationRule = (context) => ({
  Document: (document) => {
    const conditional = document.definitions.flatMap((each) =>
      each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.SUBSCRIPTION
        ? conditionalIn(document, each.selectionSet)
        : [],
    );
    if (conditional.length === 0) return undefined;
    context.reportError(
      new GraphQLError('The root field of a subscription can’t depend on a variable, by @skip or @include.', {
        nodes: conditional,
      }),
    );
    // The other rules get an empty document in its place, in which they find nothing.
    return { ...document, definitions: [] };
  },
});

/** The selections at the root that depend on a variable, of fragments too. */
const conditionalIn = (document: DocumentNode, root: SelectionSetNode): readonly SelectionNode[] => {
  const visited = new Set<string>();
  const visitSet = ({ selections }: SelectionSetNode): readonly SelectionNode[] =>
    selections.flatMap((selection) => {
      if (dependsOnVariable(selection)) return [selection];
      if (selection.kind === Kind.FIELD) return [];
      if (selection.kind === Kind.INLINE_FRAGMENT) return visitSet(selection.selectionSet);
      const name = selection.name.value;
      if (visited.has(name)) return [];
      visited.add(name);
      const fragment = document.definitions.find(
        (each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name,
      );
      return fragment === undefined ? [] : visitSet(fragment.selectionSet);
    });
  return visitSet(root);
};

const dependsOnVariable = ({ directives = [] }: SelectionNode): boolean =>
  directives.some(
    ({ name, arguments: args = [] }) =>
      (name.value === 'skip' || name.value === 'include') && args.some(({ value }) => value.kind === Kind.VARIABLE),
  );

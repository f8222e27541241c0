/** What `@listSize` says of a field (IBM GraphQL cost specification, "The List Size Directive"). */
import { getNamedType, getNullableType, GraphQLInt, isInterfaceType, isListType, isObjectType, Kind } from 'graphql';
import type { GraphQLField } from 'graphql';
import { isCredits } from '../../domain/credits.js';
import { readNames } from './readNames.js';
import type { Report, Settings } from './readNames.js';

export interface ListSize {
  readonly assumedSize: number | null;
  readonly slicingArguments: readonly string[];
  readonly sizedFields: readonly string[];
  /** Whether an operation must give exactly one of the slicing arguments: only where the schema says so itself. */
  readonly requireOneSlicingArgument: boolean;
}

type Field = GraphQLField<unknown, unknown>;

export const LIST_SIZE = 'listSize';
export const LIST_SIZE_SETTINGS = ['assumedSize', 'slicingArguments', 'sizedFields', 'requireOneSlicingArgument'];

/** Reads and checks the settings; what the specification calls nonsense is reported. */
export const readListSize = (field: Field, settings: Settings, report: Report): ListSize => {
  const { assumedSize = null } = settings;
  if (assumedSize !== null && !isCredits(assumedSize)) report('`assumedSize` must be a whole number, not negative.');
  const listSize: ListSize = {
    assumedSize: isCredits(assumedSize) ? assumedSize : null,
    slicingArguments: readNames(settings['slicingArguments'], 'slicingArguments', report),
    sizedFields: readNames(settings['sizedFields'], 'sizedFields', report),
    requireOneSlicingArgument: isOneRequired(field, settings),
  };
  for (const fault of faultsOf(field, listSize)) report(fault);
  return listSize;
};

/** The directive's own default is not heeded: with it every schema that says nothing would refuse what it serves. */
const isOneRequired = ({ astNode }: Field, settings: Settings): boolean => {
  const written = astNode?.directives?.find(({ name }) => name.value === LIST_SIZE);
  if (written === undefined) return settings['requireOneSlicingArgument'] === true;
  const argument = written.arguments?.find(({ name }) => name.value === 'requireOneSlicingArgument');
  return argument?.value.kind === Kind.BOOLEAN && argument.value.value;
};

const faultsOf = (field: Field, listSize: ListSize): readonly string[] => [
  ...slicingFaults(field, listSize),
  ...sizedFaults(field, listSize),
];

const slicingFaults = ({ args }: Field, listSize: ListSize): readonly string[] => {
  const { assumedSize, slicingArguments, requireOneSlicingArgument } = listSize;
  const faults: string[] = [];
  for (const name of slicingArguments) {
    const argument = args.find((each) => each.name === name);
    if (argument === undefined || getNullableType(argument.type) !== GraphQLInt) {
      faults.push(`the slicing argument "${name}" names no Int argument of this field.`);
    } else if (assumedSize !== null && argument.defaultValue != null) {
      faults.push(`\`assumedSize\` never counts: the slicing argument "${name}" has a default.`);
    }
  }
  if (assumedSize !== null && slicingArguments.length > 0 && requireOneSlicingArgument) {
    faults.push('`assumedSize` never counts: `requireOneSlicingArgument` asks for an argument in its place.');
  }
  return faults;
};

const sizedFaults = (field: Field, { sizedFields }: ListSize): readonly string[] => {
  if (listDepthOf(field.type) === 0 && sizedFields.length === 0) {
    return ['@listSize says how long a list is: this field is none, and `sizedFields` names none beneath it.'];
  }
  const type = getNamedType(field.type);
  const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
  const isSized = (name: string): boolean => fields[name] !== undefined && listDepthOf(fields[name].type) > 0;
  return sizedFields
    .filter((name) => !isSized(name))
    .map((name) => `the sized field "${name}" names no list among the fields of ${type.name}.`);
};

/** How many lists a type is wrapped in: 0 for none, 2 for `[[T]]`. */
export const listDepthOf = (type: Field['type']): number => {
  const nullable = getNullableType(type);
  return isListType(nullable) ? 1 + listDepthOf(nullable.ofType) : 0;
};

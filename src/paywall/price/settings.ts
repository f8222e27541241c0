/** Settings of the directives, as they stand in SDL or in `extensions.directives`. */
import { getDirective } from '@graphql-tools/utils';
import type { GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { Report, Settings } from './readNames.js';

type Annotated = GraphQLField<unknown, unknown> | GraphQLObjectType | GraphQLInterfaceType;

/** What a directive says where it stands; `null`: it does not stand there, or a fault was reported. */
export const readSettings = (
  schema: GraphQLSchema,
  annotated: Annotated,
  name: string,
  known: readonly string[],
  report: Report,
): Settings | null => {
  try {
    const [settings, ...more]: readonly unknown[] = getDirective(schema, annotated, name) ?? [];
    if (settings === undefined) return null;
    if (more.length > 0) report(`@${name} is given more than once.`);
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
      report(`the settings of @${name} must be an object, as in { cost: 1 }.`);
      return null;
    }
    if (isCodeFirst(annotated, name)) {
      // No SDL has checked them: a setting that is misspelt would count for nothing.
      const unknown = Object.keys(settings).find((setting) => !known.includes(setting));
      if (unknown !== undefined) report(`@${name} has no setting "${unknown}": ${knownInWords(known)}.`);
    }
    return { ...settings };
  } catch (error) {
    // graphql-js has found a value of another type, and does not say where.
    report(error instanceof Error ? error.message : String(error));
    return null;
  }
};

const isCodeFirst = ({ extensions }: Annotated, name: string): boolean => {
  const directives: unknown = extensions['directives'];
  return typeof directives === 'object' && directives !== null && name in directives;
};

const knownInWords = (known: readonly string[]): string =>
  known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;

/**
 * What the directives of a schema ask for, read once when the schema is built. Settings that make no sense stop the
 * build; settings that make sense and are still a trap for clients or a way around the paywall are linted.
 */
import {
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  GraphQLInt,
} from 'graphql';
import type {
  GraphQLArgument,
  GraphQLField,
  GraphQLInputField,
  GraphQLInterfaceType,
  GraphQLNamedInputType,
  GraphQLNamedType,
  GraphQLObjectType,
  GraphQLSchema,
} from 'graphql';
import type { Requirement } from '../../domain/admission.js';
import { isCredits } from '../../domain/credits.js';
import { LIST_SIZE, LIST_SIZE_SETTINGS, readListSize } from './listSize.js';
import type { ListSize } from './listSize.js';
import { misplacedDirectives } from './misplacedDirectives.js';
import { checkCopyOfGraphql } from './checkCopyOfGraphql.js';
import { readNames } from './readNames.js';
import { readSettings } from './settings.js';
import type { Report, Settings } from './readNames.js';

/** What `@requiresPayment` says of one field. */
export interface PaidField extends Requirement {
  /**
   * Paths of integer arguments, as in `first` or `input.pages`, whose product is the units of one position. Of a list on
   * the way its items are summed.
   */
  readonly multipliers: readonly (readonly string[])[];
  /** Whether a value in which nothing was found is charged as well. */
  readonly chargeEmpty: boolean;
}

/** The priced fields of a schema, by coordinate. */
export interface Requirements {
  readonly paid: ReadonlyMap<string, PaidField>;
  readonly listSizes: ReadonlyMap<string, ListSize>;
}

export type LintLevel = 'error' | 'warn' | 'off';

export interface ReadOptions {
  readonly directiveName?: string | undefined;
  readonly lint?: LintLevel | undefined;
  /** Called once a finding with `lint: 'warn'`. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** Every fault of a schema's prices, each with its coordinate: thrown when the schema is built. */
export class PriceSettingsError extends Error {
  override readonly name = 'PriceSettingsError';
  constructor(readonly faults: readonly string[]) {
    super(`The schema's prices don't make sense:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
  }
}

const DIRECTIVE_NAME = 'requiresPayment';
const FREE = 'free';
const SETTINGS = ['feature', 'cost', 'multipliers', 'chargeEmpty'];

export const coordinateOf = (typeName: string, fieldName: string): string => `${typeName}.${fieldName}`;

/** Reads and checks the directives of every type and field. What would leave them free by accident stops the build. */
export const readRequirements = (schema: GraphQLSchema, options: ReadOptions = {}): Requirements => {
  checkCopyOfGraphql(schema);
  const directiveName = options.directiveName ?? DIRECTIVE_NAME;
  const reader = new RequirementReader(schema, directiveName);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) || isInterfaceType(type)) reader.readType(type);
  }
  const { paid, listSizes, faults } = reader;
  for (const fault of misplacedDirectives(schema, directiveName, [directiveName, FREE, LIST_SIZE])) faults.add(fault);
  if (faults.size === 0 && paid.size === 0 && schema.getDirective(directiveName) != null) {
    faults.add(
      `The schema declares @${directiveName} and has no price. Put it on what is paid, in SDL or in \`extensions.directives\`. ` +
        'Where nothing is paid, leave its declaration out.',
    );
  }
  if (faults.size > 0) throw new PriceSettingsError([...faults]);
  const requirements = { paid, listSizes };
  applyLint(lintRequirements(schema, requirements), options);
  return requirements;
};

type Field = GraphQLField<unknown, unknown>;

class RequirementReader {
  readonly paid = new Map<string, PaidField>();
  readonly listSizes = new Map<string, ListSize>();
  /** Each once: all directives of a field are read with each of them. */
  readonly faults = new Set<string>();
  readonly #roots: ReadonlySet<unknown>;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly directiveName: string,
  ) {
    this.#roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  }

  readType(type: GraphQLObjectType | GraphQLInterfaceType): void {
    const ofType = this.#ofType(type);
    for (const field of Object.values(type.getFields())) {
      const coordinate = coordinateOf(type.name, field.name);
      const report = this.#reportAt(coordinate);
      const price = this.#priceOf(type, field, ofType, report);
      if (price !== null) this.paid.set(coordinate, readPaidField(coordinate, field, price, report));
      const size = readSettings(this.schema, field, LIST_SIZE, LIST_SIZE_SETTINGS, report);
      if (size !== null) this.listSizes.set(coordinate, readListSize(field, size, report));
    }
  }

  /** What the type says of its fields; `null`: nothing. */
  #ofType(type: GraphQLObjectType | GraphQLInterfaceType): Settings | null {
    const report = this.#reportAt(type.name);
    const price = readSettings(this.schema, type, this.directiveName, SETTINGS, report);
    if (price === null) return null;
    if (isInterfaceType(type)) report(`@${this.directiveName} belongs on the implementing types, not on an interface.`);
    const multipliers = price['multipliers'];
    if (Array.isArray(multipliers) && multipliers.length > 0) {
      report('`multipliers` name arguments of one field: put them there.');
    }
    return price;
  }

  /** A field's own directive replaces its type's. */
  #priceOf(
    type: GraphQLObjectType | GraphQLInterfaceType,
    field: Field,
    ofType: Settings | null,
    report: Report,
  ): Settings | null {
    const own = readSettings(this.schema, field, this.directiveName, SETTINGS, report);
    const isFree = readSettings(this.schema, field, FREE, [], report) !== null;
    if (isInterfaceType(type)) {
      const name = own !== null ? this.directiveName : FREE;
      if (own !== null || isFree)
        report(`@${name} belongs on the fields of the implementing types, not on an interface's field.`);
      return null;
    }
    if (own !== null && isFree) report(`@${FREE} and @${this.directiveName} contradict each other.`);
    if (own !== null) return own;
    // Who an object is can be told without paying for what it is.
    const isIdentity = field.name === 'id' && !this.#roots.has(type);
    return isFree || isIdentity ? null : ofType;
  }

  #reportAt(where: string): Report {
    return (fault) => this.faults.add(`${where}: ${fault}`);
  }
}

const readPaidField = (
  coordinate: string,
  field: Field,
  { feature = null, cost = null, multipliers = [], chargeEmpty = false }: Settings,
  report: Report,
): PaidField => {
  const isFeature = feature === null || (typeof feature === 'string' && feature.trim() !== '');
  if (!isFeature) report('`feature` must be a name, or be left out.');
  if (cost !== null && !isCredits(cost)) report('`cost` must be a whole number of credits from 0 to 2^53 - 1.');
  if (chargeEmpty !== null && typeof chargeEmpty !== 'boolean') report('`chargeEmpty` must be true or false.');
  return {
    coordinate,
    feature: typeof feature === 'string' ? feature : null,
    cost: isCredits(cost) ? cost : null,
    multipliers: readNames(multipliers, 'multipliers', report).map((name) => {
      const path = name.split('.');
      const fault = multiplierFault(field, path);
      if (fault !== null) report(`the multiplier "${name}" ${fault}`);
      return path;
    }),
    chargeEmpty: chargeEmpty === true,
  };
};

/** Why a path can't multiply a price: each step must have a value in every request, and the last be an `Int`. */
const multiplierFault = (field: Field, path: readonly string[]): string | null => {
  const [first = '', ...rest] = path;
  let input: GraphQLArgument | GraphQLInputField | undefined = field.args.find((argument) => argument.name === first);
  if (input === undefined) return 'names no argument of this field.';
  if (isOptional(input)) return 'must be non-null or have a default, so that it always has a value.';
  for (const name of rest) {
    const type: GraphQLNamedInputType = getNamedType(input.type);
    if (!isInputObjectType(type)) return `asks for "${name}" of something that is no input object.`;
    input = type.getFields()[name];
    if (input === undefined) return `names "${name}", which ${type.name} does not have.`;
    if (isOptional(input)) return `names "${name}", which must be non-null or have a default.`;
  }
  return getNamedType(input.type) === GraphQLInt ? null : 'must name an Int, or a list of them.';
};

const isOptional = (input: GraphQLArgument | GraphQLInputField): boolean =>
  !isNonNullType(input.type) && (input.defaultValue === undefined || input.defaultValue === null);

const lintRequirements = (schema: GraphQLSchema, { paid }: Requirements): readonly string[] => [
  ...nonNullPaidFields(schema, paid),
  ...halfPaidInterfaceFields(schema, paid),
];

const nonNullPaidFields = (schema: GraphQLSchema, paid: Requirements['paid']): readonly string[] =>
  fieldsOf(schema).flatMap(({ coordinate, field }) =>
    paid.has(coordinate) && isNonNullType(field.type)
      ? [`${coordinate}: a paid field should be nullable, or its refusal wipes out its siblings.`]
      : [],
  );

const halfPaidInterfaceFields = (schema: GraphQLSchema, paid: Requirements['paid']): readonly string[] => {
  const findings: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInterfaceType(type)) continue;
    const implementers = schema.getPossibleTypes(type);
    for (const fieldName of Object.keys(type.getFields())) {
      const isPaid = (typeName: string) => paid.has(coordinateOf(typeName, fieldName));
      const free = implementers.filter((each) => !isPaid(each.name)).map((each) => each.name);
      if (free.length > 0 && free.length < implementers.length) {
        const where = coordinateOf(type.name, fieldName);
        findings.push(
          `${where}: paid in some implementing types and free in ${free.join(', ')}: a way around the paywall.`,
        );
      }
    }
  }
  return findings;
};

interface FieldPlace {
  readonly coordinate: string;
  readonly field: Field;
}

const fieldsOf = (schema: GraphQLSchema): readonly FieldPlace[] =>
  Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields()).map((field) => ({ coordinate: coordinateOf(type.name, field.name), field }))
      : [],
  );

const applyLint = (findings: readonly string[], { lint = 'error', onWarning }: ReadOptions): void => {
  if (findings.length === 0 || lint === 'off') return;
  if (lint === 'error') throw new PriceSettingsError(findings);
  for (const finding of findings) onWarning?.(finding);
};

/** Names of the object, interface and union types at or beneath which a paid field can be selected. */
export const typesAbovePaid = (schema: GraphQLSchema, { paid }: Requirements): ReadonlySet<string> => {
  const above = new Set<string>();
  for (const coordinate of paid.keys()) above.add(coordinate.slice(0, coordinate.indexOf('.')));
  const isAbove = (type: GraphQLNamedType): boolean => {
    if (isAbstractType(type)) return schema.getPossibleTypes(type).some((each) => above.has(each.name));
    return (
      isObjectType(type) && Object.values(type.getFields()).some((field) => above.has(getNamedType(field.type).name))
    );
  };
  const types = Object.values(schema.getTypeMap());
  // Each round finds the types one step further up; the first round that finds none is the last.
  for (let before = -1; before !== above.size;) {
    before = above.size;
    for (const type of types.filter(isAbove)) above.add(type.name);
  }
  return above;
};

/**
 * One copy of graphql. Each copy knows only the schemas that it made itself: of another's it finds no object types, no
 * fields and no prices, and says so only outside production. So it is asked here, whatever `NODE_ENV` is.
 */
import {
  GraphQLEnumType,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLUnionType,
} from 'graphql';

/** Throws for what is no schema, and for a schema of which any part was made by another copy of graphql than ours. */
export const checkCopyOfGraphql = (schema: unknown): void => {
  if (!(schema instanceof GraphQLSchema)) {
    if (tagOf(schema) === 'GraphQLSchema') throw new Error(madeElsewhere('The schema'));
    throw new Error(
      '`schema` is no GraphQLSchema. Write `schema: makeExecutableSchema({ typeDefs, resolvers })`, from @graphql-tools/schema.',
    );
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isOwn(type)) throw new Error(madeElsewhere(`The type ${type.name}`));
    const fields = type instanceof GraphQLObjectType || type instanceof GraphQLInterfaceType ? type.getFields() : {};
    const typed = Object.values(fields).flatMap((field) => [field, ...field.args]);
    const foreign = typed.find((each) => !isOwnWrapped(each.type));
    if (foreign !== undefined) throw new Error(madeElsewhere(`The type of ${foreign.name} in ${type.name}`));
  }
};

const isOwn = (type: unknown): boolean =>
  type instanceof GraphQLObjectType ||
  type instanceof GraphQLScalarType ||
  type instanceof GraphQLInterfaceType ||
  type instanceof GraphQLUnionType ||
  type instanceof GraphQLEnumType ||
  type instanceof GraphQLInputObjectType;

const isOwnWrapped = (type: unknown): boolean =>
  type instanceof GraphQLNonNull || type instanceof GraphQLList ? isOwnWrapped(type.ofType) : isOwn(type);

const tagOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, Symbol.toStringTag) : undefined;

const madeElsewhere = (what: string): string =>
  `${what} was made by another copy of graphql than Tollgate's, which would find no prices in it. ` +
  '`npm ls graphql` lists the copies. Have one: graphql is a peer dependency, so let your project depend on one version ' +
  'that suits all who use it, or name it under `overrides` in package.json.';

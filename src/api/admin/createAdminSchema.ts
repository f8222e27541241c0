/**
 * The schema of the admin API. `@requiresRole` is read once, when it is built: every mutation must have one, and goes
 * through `carryOut`; a query that has one is answered to that role alone.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { getDirective, mapSchema, MapperKind } from '@graphql-tools/utils';
import { defaultFieldResolver, GraphQLError } from 'graphql';
import type { GraphQLFieldConfig, GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { ROLES } from '../../domain/operator.js';
import type { Role } from '../../domain/operator.js';
import { OperatorError } from '../../admin/operatorError.js';
import { readTypeDefs } from '../readTypeDefs.js';
import type { AdminContext } from './adminContext.js';
import { adminTypes } from './adminTypes.js';
import { checkRole } from '../../admin/carryOut.js';
import { adminMutations } from './adminMutations.js';
import { adminQueries } from './adminQueries.js';
import { refusalTypes } from './refusalQueries.js';

export const createAdminSchema = (): GraphQLSchema =>
  requireRoles(
    makeExecutableSchema<AdminContext>({
      typeDefs: readTypeDefs('admin'),
      resolvers: [adminTypes, refusalTypes, { Query: adminQueries }, { Mutation: adminMutations }],
    }),
  );

type Field = GraphQLFieldConfig<unknown, AdminContext>;
type Arguments = Readonly<Record<string, unknown>>;

/** Throws where a mutation does not say who may call it. */
export const requireRoles = (schema: GraphQLSchema): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.QUERY_ROOT_FIELD]: (field: Field) => {
      const role = roleOf(schema, field);
      return { ...field, resolve: resolver(field.resolve ?? defaultFieldResolver, role) };
    },
    [MapperKind.MUTATION_ROOT_FIELD]: (field: Field, name) => {
      const role = roleOf(schema, field);
      if (role === null) throw new Error(`Mutation.${name} does not say who may call it: add @requiresRole.`);
      // Its verb asks for the role, so that what is refused is in the audit log as well.
      return { ...field, resolve: resolver(field.resolve ?? defaultFieldResolver, null) };
    },
  });

const roleOf = (schema: GraphQLSchema, field: Field): Role | null => {
  const [directive] = getDirective(schema, field, 'requiresRole') ?? [];
  return ROLES.find((role) => role === directive?.['role']) ?? null;
};

type Resolve = GraphQLFieldResolver<unknown, AdminContext, Arguments>;

const resolver =
  (resolve: Resolve, role: Role | null): Resolve =>
  async (root, args, context, info) => {
    try {
      if (role !== null) checkRole(context, role);
      return await resolve(root, args, context, info);
    } catch (error) {
      throw error instanceof OperatorError ? refused(error) : error;
    }
  };

const refused = ({ message, code, argument }: OperatorError): GraphQLError =>
  new GraphQLError(message, { extensions: { code, ...(argument === null ? {} : { argument }) } });

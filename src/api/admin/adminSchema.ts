/**
 * The schema of the admin API. `@requiresRole` is read once, when it is built: every mutation must have one, and goes
 * through `carryOut`; a query that has one is answered to that role alone.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { getDirective, mapSchema, MapperKind } from '@graphql-tools/utils';
import { defaultFieldResolver, GraphQLError } from 'graphql';
import type { GraphQLFieldConfig, GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import { ROLES } from '../../domain/operator.js';
import type { Role } from '../../domain/operator.js';
import { OperatorError } from '../../admin/operator.js';
import { readTypeDefs } from '../typeDefs.js';
import { accountMutations } from './accountMutations.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { adminTypes } from './adminTypes.js';
import { carryOut, checkRole } from '../../admin/carryOut.js';
import { creditMutations } from './creditMutations.js';
import { operatorMutations } from './operatorMutations.js';
import { planMutations } from './planMutations.js';
import { adminQueries } from './queries.js';
import { refusalTypes } from './refusals.js';
import { subscriptionMutations } from './subscriptionMutations.js';

export const createAdminSchema = (): GraphQLSchema =>
  requireRoles(
    makeExecutableSchema<AdminContext>({
      typeDefs: readTypeDefs('admin'),
      resolvers: [
        adminTypes,
        refusalTypes,
        { Query: adminQueries },
        {
          Mutation: {
            ...planMutations,
            ...accountMutations,
            ...subscriptionMutations,
            ...creditMutations,
            ...operatorMutations,
          },
        },
      ],
    }),
  );

type Field = GraphQLFieldConfig<unknown, AdminContext>;
type Arguments = Readonly<Record<string, unknown>>;

/** Throws where a mutation does not say who may call it. */
export const requireRoles = (schema: GraphQLSchema): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.QUERY_ROOT_FIELD]: (field: Field) => {
      const role = roleOf(schema, field);
      return { ...field, resolve: query(field.resolve ?? defaultFieldResolver, role) };
    },
    [MapperKind.MUTATION_ROOT_FIELD]: (field: Field, name) => {
      const role = roleOf(schema, field);
      if (role === null) throw new Error(`Mutation.${name} does not say who may call it: add @requiresRole.`);
      return { ...field, resolve: mutation(field.resolve ?? defaultFieldResolver, role) };
    },
  });

const roleOf = (schema: GraphQLSchema, field: Field): Role | null => {
  const [directive] = getDirective(schema, field, 'requiresRole') ?? [];
  return ROLES.find((role) => role === directive?.['role']) ?? null;
};

type Resolve = GraphQLFieldResolver<unknown, AdminContext, Arguments>;

const mutation =
  (resolve: Resolve, role: Role): Resolve =>
  (root, args, context, info: GraphQLResolveInfo) =>
    carryOut(context, { name: info.fieldName, role, args, run: (own) => resolve(root, args, own, info) });

const query =
  (resolve: Resolve, role: Role | null): Resolve =>
  async (root, args, context, info) => {
    try {
      if (role !== null) checkRole(context, role);
      return await resolve(root, args, context, info);
    } catch (error) {
      if (error instanceof OperatorError) throw refusedQuery(error);
      throw error;
    }
  };

const refusedQuery = ({ message, code, argument }: OperatorError): GraphQLError =>
  new GraphQLError(message, { extensions: { code, ...(argument === null ? {} : { argument }) } });

/**
 * Puts gate 2 into a schema: every paid field's resolver is wrapped, so that it runs only where the operation's tab
 * admits the position. Prices are appended to descriptions, because applied directives can't be introspected.
 */
import { types } from 'node:util';
import { mapSchema, MapperKind } from '@graphql-tools/utils';
import { getNamedType, GraphQLError } from 'graphql';
import type { GraphQLFieldConfig, GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { Refusal } from '../../domain/refusal.js';
import { coordinateOf } from '../price/requirements.js';
import type { PricedSchema } from '../price/places.js';
import type { PaidField } from '../price/requirements.js';
import type { Draw, Path } from './draw.js';
import { GATED } from './isGated.js';
import type { OpenOperations } from './openOperations.js';

export type Resolver = GraphQLFieldResolver<unknown, unknown>;

export interface PaywallWiring {
  readonly openOperations: OpenOperations;
  /** Resolves the paid fields that have no resolver of their own. */
  readonly fieldResolver: Resolver;
}

export const applyPaywall = (
  schema: GraphQLSchema,
  { requirements, abovePaid }: Omit<PricedSchema, 'schema'>,
  { openOperations, fieldResolver }: PaywallWiring,
): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (config: GraphQLFieldConfig<unknown, unknown>, fieldName, typeName) => {
      const paid = requirements.paid.get(coordinateOf(typeName, fieldName));
      const isAbovePaid = abovePaid.has(getNamedType(config.type).name);
      if (paid === undefined) return isAbovePaid ? followedField(config, openOperations) : undefined;
      // A source without a resolver of its own comes from the root value: it is gated as well.
      const isSource = typeName === schema.getSubscriptionType()?.name;
      const subscribe = gatedSource(config.subscribe ?? fieldResolver, paid, openOperations);
      return {
        ...config,
        extensions: { ...config.extensions, [GATED]: true },
        description: [config.description, priceInWords(paid)].filter((text) => text != null).join('\n\n'),
        resolve: gated(config.resolve ?? fieldResolver, { paid, isAbovePaid }, openOperations),
        ...(isSource ? { subscribe } : {}),
      };
    },
  });

/** Synchronous as long as the tab holds what the position needs: a promise per item is what makes long lists slow. */
const gated =
  (
    resolve: Resolver,
    { paid, isAbovePaid }: { readonly paid: PaidField; readonly isAbovePaid: boolean },
    openOperations: OpenOperations,
  ): Resolver =>
  (source, args, contextValue, info) => {
    if (!hasPath(info)) throw noPath(paid);
    const tab = openOperations.find(contextValue);
    if (!tab?.isOf(info)) throw noOpenTab(paid);
    const resolveDrawn = (drawn: Draw | Refusal): unknown => {
      if ('reason' in drawn) throw tab.errorOf(drawn, info);
      const value = resolve(source, args, contextValue, info);
      // A thenable of another make may begin its work anew each time that it is asked for its value.
      if (isAbovePaid && types.isPromise(value)) tab.follow(value);
      return value;
    };
    const drawn = tab.draw(info);
    return drawn instanceof Promise ? drawn.then(resolveDrawn) : resolveDrawn(drawn);
  };

/** A free field that has paid ones beneath it: as long as it is under way, nobody knows what those will need. */
const followedField = (
  config: GraphQLFieldConfig<unknown, unknown>,
  openOperations: OpenOperations,
): GraphQLFieldConfig<unknown, unknown> | undefined => {
  const { resolve } = config;
  // What has no resolver is left to the executor's own.
  if (resolve === undefined) return undefined;
  const followed: Resolver = (source, args, contextValue, info) => {
    const value: unknown = resolve(source, args, contextValue, info);
    if (types.isPromise(value)) {
      const tab = openOperations.find(contextValue);
      if (tab?.isOf(info) === true) tab.follow(value);
    }
    return value;
  };
  return { ...config, resolve: followed };
};

/** The source of a paid subscription does not start without a tab. Its events are drawn for one by one. */
const gatedSource =
  (subscribe: Resolver, paid: PaidField, openOperations: OpenOperations): Resolver =>
  (source, args, contextValue, info) => {
    if (openOperations.find(contextValue) === null) throw noOpenTab(paid);
    return subscribe(source, args, contextValue, info);
  };

/** Not a refusal: nothing is known of the caller. The schema is run in a way that Tollgate has no part in. */
const noOpenTab = ({ coordinate }: PaidField): GraphQLError =>
  new GraphQLError(
    `${coordinate} is not free, and no tab is open for this operation. Run it with paywall.execute, or with the Tollgate plugin.`,
    { extensions: { code: 'NO_OPEN_TAB', coordinate } },
  );

/** As graphql-js makes it: what is drawn is found again by it. Whoever writes an executor may leave it out. */
const hasPath = ({ path, parentType }: { readonly path?: Path; readonly parentType: GraphQLObjectType }): boolean =>
  path?.typename === parentType.name;

const noPath = ({ coordinate }: PaidField): GraphQLError =>
  new GraphQLError(
    `${coordinate} is not free, and this executor does not tell its resolvers where in the answer they are: info.path, as graphql-js makes it, with the names of types. Run the operation with graphql-js.`,
    { extensions: { code: 'UNSUPPORTED_EXECUTOR', coordinate } },
  );

/** What a paid field costs, as its description says it. */
export const priceInWords = ({ feature, cost, multipliers, chargeEmpty }: PaidField): string => {
  const covered = feature === null ? 'Covered by every plan' : `Covered by plans with the feature "${feature}"`;
  const units = multipliers.map((path) => ` × ${path.join('.')}`).join('');
  const bought = cost === null ? '' : `; otherwise ${cost} ${cost === 1 ? 'credit' : 'credits'}${units}`;
  return `${covered}${bought}.${chargeEmpty ? ' Charged also where nothing is found.' : ''}`;
};

/** What was refused, and why: lists, counts, diagnosis. */
import { getNullableType, GraphQLError, isLeafType, isNonNullType, isObjectType } from 'graphql';
import type { GraphQLField, GraphQLSchema } from 'graphql';
import type { RemedyCall } from '../../domain/diagnosis.js';
import { accountId } from '../../domain/ids.js';
import { DAY_MS, HOUR_MS } from '../../domain/period.js';
import { firstOf, REASONS } from '../../domain/refusal.js';
import type { Refusal } from '../../domain/refusal.js';
import type { RefusalFacet, RefusalFilter, RefusalRecord } from '../../domain/refusalRecord.js';
import type {
  QueryResolvers,
  RefusalFilter as RefusalFilterInput,
  Resolvers,
  StatsSpan,
} from '../../generated/adminTypes.js';
import { dateOf, dateOrNull } from '../billingResolvers.js';
import { STATUS_OF } from '../../http/responseHead.js';
import type { AdminContext } from './adminContext.js';
import { cursorsByTime, findConnection } from '../connection.js';
import { diagnoseOperation, diagnoseRefusal } from './diagnose.js';
import { badInput } from '../../admin/operatorError.js';

const REFUSALS = cursorsByTime<RefusalRecord>();

const SPAN_MS: Readonly<Record<StatsSpan, number>> = { MINUTE: 60_000, HOUR: HOUR_MS, DAY: DAY_MS };

const filterOf = (filter: RefusalFilterInput | null | undefined): RefusalFilter => {
  const { accountId: account, planId: plan, reason, feature, coordinate, from, until } = filter ?? {};
  const given = Object.entries({ account, plan, reason, feature, coordinate }).filter(([, value]) => value != null);
  const facets = Object.fromEntries(given) as Partial<Record<RefusalFacet, string>>;
  return { facets, from: from?.getTime() ?? null, until: until?.getTime() ?? null };
};

/** What this process has noted and not written yet is found as well. */
const storeOf = async ({ engine }: AdminContext) => {
  await engine.refusals.flush();
  return engine.store;
};

type Names = 'refusals' | 'refusal' | 'refusalStats' | 'diagnose';

export const refusalQueries: Pick<QueryResolvers, Names> = {
  refusals: async (_root, { filter, ...args }, context) => {
    const store = await storeOf(context);
    return findConnection(args, REFUSALS, (page) => store.findRefusalPage(filterOf(filter), page));
  },

  refusal: async (_root, { id }, context) => {
    const [record] = await (await storeOf(context)).findRefusals([id]);
    return record ?? null;
  },

  refusalStats: async (_root, { filter, per }, context) =>
    (await storeOf(context)).countRefusals(filterOf(filter), SPAN_MS[per]),

  diagnose: (_root, { accountId: account, keyId, document, variables, operationName }, context) => {
    if (variables != null && !isRecord(variables)) throw badInput('variables', 'must be a JSON object.');
    const operation = { document, operationName, variables };
    return diagnoseOperation(context, { ...operation, accountId: accountId(account), keyId: keyId ?? null });
  },
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The refusal that answered for the operation. */
const decisive = ({ refusals }: RefusalRecord): Refusal => {
  const [first, ...rest] = refusals;
  if (first === undefined) throw new GraphQLError('A refusal without any reason was recorded.');
  return firstOf([first, ...rest]);
};

const asText = (figure: string | number | null): string | null => (figure === null ? null : String(figure));

export const refusalTypes: Resolvers = {
  Refusal: {
    at: ({ at }) => dateOf(at),
    status: (record) => (record.isServed ? 200 : STATUS_OF[REASONS[decisive(record).reason].code]),
    reason: (record) => decisive(record).reason,
    fields: ({ refusals }) => refusals,
    diagnosis: (record, _args, context) => diagnoseRefusal(context, record),
  },
  RefusedField: {
    remedy: ({ reason }) => REASONS[reason].remedy,
    docs: ({ reason }, _args, { engine }) => engine.settings.docsUrl(REASONS[reason].cause),
    resetAt: ({ resetAt }) => dateOrNull(resetAt),
  },
  CheckResult: {
    figures: ({ figures }) => figures.map(({ name, then, now }) => ({ name, then: asText(then), now: asText(now) })),
  },
  CheckRemedy: {
    url: ({ remedy }, _args, { engine }) =>
      engine.settings.remedyUrl({ remedy, refusal: null, accountId: null, refusalId: null }),
    docs: ({ remedy }, _args, { engine }) => {
      const row = Object.values(REASONS).find((each) => each.remedy === remedy);
      return row === undefined ? null : engine.settings.docsUrl(row.cause);
    },
    mutation: ({ call }) => call,
  },
  RemedyMutation: {
    document: (call, _args, _context, { schema }) => documentOf(call, mutationOf(schema, call.name)),
    variables: ({ arguments: args }, _args, { engine }) => ({ ...args, idempotencyKey: engine.settings.newId() }),
    missing: ({ name, arguments: args }, _args, _context, { schema }) =>
      mutationOf(schema, name)
        .args.filter((each) => isNonNullType(each.type) && args[each.name] === null)
        .map((each) => each.name),
  },
  RefusalStats: {
    byReason: ({ by }) => by.reason,
    byFeature: ({ by }) => by.feature,
    byPlan: ({ by }) => by.plan,
    byAccount: ({ by }) => by.account,
    byCoordinate: ({ by }) => by.coordinate,
    overTime: ({ overTime }) => overTime.map(({ at, count }) => ({ at: dateOf(at), count })),
    dropped: (_counts, _args, { engine }) => engine.refusals.dropped,
  },
};

type Field = GraphQLField<unknown, unknown>;

const mutationOf = (schema: GraphQLSchema, name: string): Field => {
  const field = schema.getMutationType()?.getFields()[name];
  if (field === undefined) throw new GraphQLError(`A remedy names the mutation ${name}, which there is not.`);
  return field;
};

/** With its arguments as variables. A secret that it makes is asked for: it is shown in that answer alone. */
const documentOf = ({ name, arguments: given }: RemedyCall, { args, type }: Field): string => {
  const sent = args.filter((each) => each.name in given || each.name === 'idempotencyKey');
  const variables = sent.map((each) => `$${each.name}: ${String(each.type)}`).join(', ');
  const passed = sent.map((each) => `${each.name}: $${each.name}`).join(', ');
  const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
  const asked = [
    '__typename',
    ...fields.filter((field) => isLeafType(getNullableType(field.type))).map((field) => field.name),
  ];
  return `mutation (${variables}) { ${name}(${passed}) { ${asked.join(' ')} } }`;
};

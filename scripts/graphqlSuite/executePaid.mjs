/** `execute` and `subscribe` of graphql-js, by a paywall that prices every field, for a caller who can pay. */
import { GraphQLError, isObjectType } from 'graphql';
import { createAccount, grantCredits, issueKey } from '../../src/admin/library.js';
import { callerContext } from '../../src/paywall/callerContext.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import { openStore } from '../../src/store/openStore.js';

/** @typedef {import('graphql').ExecutionArgs} Args */
/** @typedef {ReturnType<typeof createPaywall>} Paywall */

const store = await openStore('sqlite::memory:');
/** @type {WeakMap<object, Map<unknown, Promise<Payer>>>} */
const payers = new WeakMap();
let count = 0;

/** @typedef {{ paywall: Paywall, authorization: string }} Payer */

/** @param {Args} args */
const payerOf = ({ schema, fieldResolver }) => {
  const ofSchema = payers.get(schema) ?? new Map();
  payers.set(schema, ofSchema);
  const known = ofSchema.get(fieldResolver);
  if (known !== undefined) return known;
  const made = openPaywall(schema, fieldResolver);
  ofSchema.set(fieldResolver, made);
  return made;
};

/**
 * @param {Args['schema']} schema
 * @param {Args['fieldResolver']} fieldResolver
 * @returns {Promise<Payer>}
 */
const openPaywall = async (schema, fieldResolver) => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      field.extensions = { ...field.extensions, directives: { requiresPayment: { cost: 1 } } };
    }
  }
  const paywall = createPaywall({ schema, store, lint: 'off', ...(fieldResolver == null ? {} : { fieldResolver }) });
  const { id } = await createAccount(paywall.engine, { id: `payer-${(count += 1)}`, name: 'The suite' });
  await grantCredits(paywall.engine, id, { id: `start-${count}`, credits: 1_000_000, reason: 'The suite' });
  return { paywall, authorization: `Bearer ${(await issueKey(paywall.engine, id)).secret}` };
};

/** @param {Args} args */
const requestOf = async (args) => {
  const { paywall, authorization } = await payerOf(args);
  const own = Object(args.contextValue ?? {});
  const contextValue = Object.assign(
    Object.create(Object.getPrototypeOf(own)),
    own,
    await callerContext(paywall, authorization),
  );
  return { paywall, request: { ...args, contextValue } };
};

/**
 * What an answer has beside graphql-js's: what was charged, and a code in errors that come before execution.
 * @param {any} result
 */
const asTheirs = ({ extensions, ...result }) => {
  const others = Object.fromEntries(Object.entries(extensions ?? {}).filter(([name]) => name !== 'payment'));
  const errors = result.errors?.map(withoutCode);
  return {
    ...result,
    ...(errors === undefined ? {} : { errors }),
    ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
  };
};

/** @param {import('graphql').GraphQLError} error */
const withoutCode = (error) => {
  if (error.path !== undefined || error.extensions['code'] !== 'BAD_USER_INPUT') return error;
  return new GraphQLError(error.message, { nodes: error.nodes ?? null });
};

/** @param {Args} args */
export const executePaid = async (args) => {
  const { paywall, request } = await requestOf(args);
  return asTheirs(await paywall.execute(request));
};

/** @param {Args} args */
export const subscribePaid = async (args) => {
  const { paywall, request } = await requestOf(args);
  const events = await paywall.subscribe(request);
  if (!(Symbol.asyncIterator in events)) return asTheirs(events);
  /** @param {Promise<IteratorResult<any, any>>} step */
  const free = async (step) => {
    const { done, value } = await step;
    return done === true ? { done, value } : { done: false, value: asTheirs(value) };
  };
  return {
    next: () => free(events.next()),
    return: () => free(events.return?.() ?? Promise.resolve({ done: true, value: undefined })),
    throw: (/** @type {unknown} */ error) => free(events.throw?.(error) ?? Promise.reject(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};

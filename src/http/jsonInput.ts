/**
 * What JSON can say and nothing behind it can take: text that is no Unicode, which no store gives back as it was, and
 * values so deep that whoever walks them runs out of stack. Refused where they come in, names of fields too.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';

const DEPTH_MAX = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What is wrong with a value that came as JSON; `null`: nothing. */
export const unsoundness = (value: unknown, { isTextChecked = true } = {}): GraphQLError | null => {
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { depth } = next;
    if (isTextChecked && typeof next.value === 'string' && LONE_SURROGATE.test(next.value)) return NO_TEXT();
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (depth === DEPTH_MAX) return TOO_DEEP();
    for (const [key, item] of Object.entries(next.value)) {
      if (isTextChecked && LONE_SURROGATE.test(key)) return NO_TEXT();
      waiting.push({ value: item, depth: depth + 1 });
    }
  }
  return null;
};

/** Told by its brackets, since what is nested a hundred thousand times takes long to build. */
const isDeepJson = (json: string): boolean => {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) isInText = !isInText;
    else if (isInText) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACE, CLOSE_BRACE] = [0x7b, 0x7d];
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
const NO_TEXT = () => badInput('A text in this request is no Unicode: half of a surrogate pair stands alone in it.');
const TOO_DEEP = () => badInput(`A value in this request is nested more than ${DEPTH_MAX} levels deep.`);

/**
 * For the scope in which GraphQL routes are registered: bodies, and what a GET request has in its address.
 * `isTextChecked`: left out where who comes after it looks at text, and names the argument that it is in.
 */
export const takeSoundInput = (scope: FastifyInstance, options: { readonly isTextChecked?: boolean } = {}): void => {
  const parseJson = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (isDeepJson(body)) {
      done(TOO_DEEP());
      return;
    }
    void parseJson(request, body, (error, value) => {
      const fault = error ?? unsoundness(value, options);
      if (fault === null) done(null, value);
      else done(fault);
    });
  });
  scope.addHook('onRequest', async (request) => {
    // Apollo reads the address by it.
    if (!URL.canParse(request.url, `${request.protocol}://${request.hostname}/`)) throw BROKEN_ADDRESS();
    if (request.method !== 'GET') return;
    const fault = unsoundness(jsonParametersOf(request), options);
    if (fault !== null) throw fault;
  });
};

const BROKEN_ADDRESS = () =>
  new GraphQLError('The request has no address that can be read: look at its Host header.', {
    extensions: { code: 'BAD_REQUEST' },
  });

/** What can't be read is left to Apollo, which says so. */
const jsonParametersOf = ({ query }: FastifyRequest): unknown => {
  const { variables, extensions } = query as Readonly<Record<string, unknown>>;
  try {
    return [variables, extensions].map((text): unknown => (typeof text === 'string' ? JSON.parse(text) : null));
  } catch {
    return null;
  }
};

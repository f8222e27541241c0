/**
 * What JSON can say and nothing behind it can take: text that is no Unicode, which no store gives back as it was, and
 * values so deep that whoever walks them runs out of stack. Refused where they come in, names of fields too.
 */
import { GraphQLError } from 'graphql';

const DEPTH_MAX = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What is wrong with a value that came as JSON; `null`: nothing. */
export const jsonInputFault = (value: unknown, { isTextChecked = true } = {}): GraphQLError | null => {
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

/**
 * What is wrong with a text that is still to be parsed, told by its brackets: what is nested a
 * hundred thousand times takes long to build. `null`: nothing, as far as that goes.
 */
export const jsonTextFault = (json: string): GraphQLError | null => {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) isInText = !isInText;
    else if (isInText) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    if (depth > DEPTH_MAX) return TOO_DEEP();
  }
  return null;
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACE, CLOSE_BRACE] = [0x7b, 0x7d];
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
const NO_TEXT = () => badInput('A text in this request is no Unicode: half of a surrogate pair stands alone in it.');
const TOO_DEEP = () => badInput(`A value in this request is nested more than ${DEPTH_MAX} levels deep.`);

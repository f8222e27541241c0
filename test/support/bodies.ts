/** Takes a response body apart where a test is about one part of it. */

/** What stands at a path; `undefined` where the path leads nowhere. */
export const partAt = (body: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => (isIndexable(at) ? at[key] : undefined), body);

export const listAt = (body: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const list: unknown = partAt(body, ...path);
  return Array.isArray(list) ? list : [];
};

/** The data of a stream's `next` events (graphql-sse, PROTOCOL), of a body that was read to its end. */
export const streamedIn = (body: unknown): readonly unknown[] =>
  typeof body === 'string'
    ? [...body.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = '']): unknown => JSON.parse(data))
    : [];

/** `extensions.payment.charged`; 0 where there is none. */
export const chargedIn = (body: unknown): number => {
  const charged = partAt(body, 'extensions', 'payment', 'charged');
  return typeof charged === 'number' ? charged : 0;
};

const isIndexable = (value: unknown): value is Readonly<Record<string | number, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * A value that is there already, or a promise of it: graphql-js waits for nothing where a resolver
 * answers at once, and neither do paid ones. A promise per item is what makes long lists slow.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on at once where the value is there. */
export const whenReady = <T, Result>(
  value: MaybePromise<T>,
  goOn: (value: T) => MaybePromise<Result>,
): MaybePromise<Result> => (isPromise(value) ? Promise.resolve(value).then(goOn) : goOn(value));

/**
 * Of whatever make: resolvers may answer promises of a library, or of another realm, and graphql-js
 * hands them on.
 */
export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';

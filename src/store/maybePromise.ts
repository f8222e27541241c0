/**
 * A value that is there already, or a promise of it. An operation that a plan covers waits for its reads alone: a promise
 * for each further step would cost it as much again, and keep its answer in memory while other operations take turns. For
 * the same reason the steps of that path are functions that hand on to each other, and not `async` ones: each of those
 * costs a covered operation about a microsecond.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Of whatever make: a mutation's resolvers may answer promises of a library, or of another realm, and graphql-js hands them on. */
export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';

/** Goes on at once where the value is there. */
export const whenReady = <T, Result>(
  value: MaybePromise<T>,
  goOn: (value: T) => MaybePromise<Result>,
): MaybePromise<Result> => (isPromise(value) ? Promise.resolve(value).then(goOn) : goOn(value));

/** The same of work that can fail: `giveUp` gets what it throws or rejects with, and answers in its place, or throws. */
export const attempt = <T, Result>(
  work: () => MaybePromise<T>,
  goOn: (value: T) => MaybePromise<Result>,
  giveUp: (error: unknown) => MaybePromise<Result>,
): MaybePromise<Result> => {
  let value: MaybePromise<T>;
  try {
    value = work();
  } catch (error) {
    return giveUp(error);
  }
  return isPromise(value) ? Promise.resolve(value).then(goOn, giveUp) : goOn(value);
};

/** A promise in any case, for callers from outside: what is thrown at once they get as a rejection. */
export const promised = <T>(work: () => MaybePromise<T>): Promise<T> => {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return rejected(error);
  }
};

const rejected = async (error: unknown): Promise<never> => {
  throw error;
};

/**
 * The answer to a batch: as long as the question and in its order, `null` where nothing was found. A key that was asked
 * for twice is answered twice.
 */
export const inOrder = <T>(
  keys: readonly string[],
  found: readonly T[],
  keyOf: (value: T) => string,
): readonly (T | null)[] => {
  const byKey = new Map(found.map((value) => [keyOf(value), value]));
  return keys.map((key) => byKey.get(key) ?? null);
};

/**
 * A short digest by which two contents under one id are told apart: FNV-1a over UTF-16 units, of 32 bits, from two
 * offsets (Fowler, Noll, Vo; draft-eastlake-fnv). It guards against mistakes of a caller, not against an adversary:
 * whoever can send a command may choose its id anyway.
 */
const FNV_PRIME = 0x01000193;

const fnv1a = (text: string, offset: number): string => {
  let hash = offset;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return (hash >>> 0).toString(36);
};

/** Of plain data: the same values in the same order give the same digest. */
export const fingerprint = (...content: readonly unknown[]): string => {
  const text = JSON.stringify(content);
  return `${fnv1a(text, 0x811c9dc5)}.${fnv1a(text, 0x9747b28c)}`;
};

/** Settings that are lists of names. */

/** Notes a fault of the part of the schema that is being read. */
export type Report = (fault: string) => void;

export type Settings = Readonly<Record<string, unknown>>;

export const readNames = (value: unknown, setting: string, report: Report): readonly string[] => {
  const names: readonly unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const sound = names.filter((name): name is string => typeof name === 'string' && name !== '');
  if (sound.length !== names.length) report(`\`${setting}\` must be a list of names.`);
  return sound;
};

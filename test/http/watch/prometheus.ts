/** Reads what Prometheus would read. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const scrape = async (url: string): Promise<readonly Sample[]> => {
  const response = await fetch(`${url}/metrics`);
  if (!response.ok) throw new Error(`/metrics answered ${response.status}.`);
  return samplesIn(await response.text());
};

const SAMPLE = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i;
const LABEL = /(\w+)="([^"]*)"/g;

const samplesIn = (text: string): readonly Sample[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });

/** The sum of a metric; by the values of one label where it is named. */
export const totalOf = (samples: readonly Sample[], name: string): number =>
  samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);

export const totalsBy = (samples: readonly Sample[], name: string, label: string): Readonly<Record<string, number>> => {
  const totals: Record<string, number> = {};
  for (const { name: each, labels, value } of samples) {
    const key = labels[label];
    if (each === name && key !== undefined && value > 0) totals[key] = (totals[key] ?? 0) + value;
  }
  return totals;
};

/** What the server prints once it listens: in demo mode its keys, and operations to paste. */
import type { Example, Product, Seed } from '../product.js';

/** As many examples as fit a screen beside the keys. */
const SHOWN = 3;

interface Listening {
  readonly publicUrl: string;
  readonly product: Pick<Product, 'title' | 'examples'>;
  /** Of the demo that runs; `null`: this is none. */
  readonly seed: Pick<Seed, 'guide' | 'operatorKeys'> | null;
  /** The key of an owner that was made at this start; `null`: there was one. */
  readonly ownerSecret?: string | null;
}

export const welcome = ({ publicUrl, product, seed, ownerSecret = null }: Listening): string =>
  [
    `Tollgate serves ${product.title} at ${publicUrl}/graphql`,
    ...(ownerSecret === null ? [] : ['', ...ownerLines(publicUrl, ownerSecret)]),
    ...(seed === null ? [] : ['', ...demoLines(publicUrl, seed, product.examples)]),
  ].join('\n');

const ownerLines = (publicUrl: string, secret: string): readonly string[] => [
  `The owner's key for ${publicUrl}/admin/graphql, shown this once:`,
  `  ${secret}`,
];

const demoLines = (
  publicUrl: string,
  { guide, operatorKeys }: Pick<Seed, 'guide' | 'operatorKeys'>,
  examples: readonly Example[],
): readonly string[] => [
  'Keys of this demo:',
  ...[...guide].map(([key, shows]) => `  ${key.padEnd(12)} ${shows}`),
  ...[...operatorKeys.keys()].map((key) => `  ${key.padEnd(12)} Administers, at ${publicUrl}/admin/graphql`),
  '',
  ...examples.slice(0, SHOWN).flatMap((example) => [example.shows, curl(publicUrl, example), '']),
  `In a browser: ${publicUrl}/graphql and ${publicUrl}/admin/graphql`,
];

const curl = (publicUrl: string, { key, selection }: Example): string => {
  const authorization = key === null ? '' : ` -H 'Authorization: Bearer ${key}'`;
  const body = JSON.stringify({ query: selection });
  return `  curl -i ${publicUrl}/graphql -H 'Content-Type: application/json'${authorization} -d '${body}'`;
};

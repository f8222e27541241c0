/** What the server prints once it listens: in demo mode its keys, and three operations to paste. */
import { DEMO_ACCOUNTS } from './keys.js';

interface Address {
  readonly publicUrl: string;
  readonly isDemo: boolean;
}

export const welcome = (config: Address): string => {
  const listening = `Tollgate serves Atlas at ${config.publicUrl}/graphql`;
  return config.isDemo ? [listening, '', ...demoLines(config)].join('\n') : listening;
};

const demoLines = ({ publicUrl }: Address): readonly string[] => [
  'Keys of this demo:',
  ...DEMO_ACCOUNTS.map(({ id, name }) => `  ${id.padEnd(12)} ${name}`),
  '',
  'Served free, without a key:',
  curl(publicUrl, null, '{ country(code: \\"AT\\") { name capital } }'),
  '',
  'Charged, 1 credit for each city that it finds:',
  curl(publicUrl, 'demo-payg', '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }'),
  '',
  'Refused with 402, which says what is missing:',
  curl(publicUrl, 'demo-free', '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }'),
];

const curl = (publicUrl: string, key: string | null, query: string): string => {
  const authorization = key === null ? '' : ` -H 'Authorization: Bearer ${key}'`;
  return `  curl -i ${publicUrl}/graphql -H 'Content-Type: application/json'${authorization} -d '{"query":"${query}"}'`;
};

/** What the server prints once it listens: in demo mode its keys, and three operations to paste. */
import { DEMO_ACCOUNTS, DEMO_OWNER_KEY } from './keys.js';

interface Address {
  readonly publicUrl: string;
  readonly isDemo: boolean;
  /** The key of an owner that was made at this start; `null`: there was one. */
  readonly ownerSecret?: string | null;
}

export const welcome = (config: Address): string => {
  const listening = `Tollgate serves Atlas at ${config.publicUrl}/graphql`;
  const { ownerSecret = null } = config;
  const owner = ownerSecret === null ? [] : ['', ...ownerLines(config.publicUrl, ownerSecret)];
  return [listening, ...owner, ...(config.isDemo ? ['', ...demoLines(config)] : [])].join('\n');
};

const ownerLines = (publicUrl: string, secret: string): readonly string[] => [
  `The owner's key for ${publicUrl}/admin/graphql, shown this once:`,
  `  ${secret}`,
];

const demoLines = ({ publicUrl }: Address): readonly string[] => [
  'Keys of this demo:',
  ...DEMO_ACCOUNTS.map(({ id, name }) => `  ${id.padEnd(12)} ${name}`),
  `  ${DEMO_OWNER_KEY.padEnd(12)} Administers, at ${publicUrl}/admin/graphql`,
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

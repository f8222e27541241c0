/** What the server prints once it listens: in demo mode its keys, and three operations to paste. */
import { DEMO_ACCOUNTS, DEMO_OWNER_KEY } from './keys.js';
import { CHARGED, FREE, REFUSED } from './operations.js';
import type { DemoOperation } from './operations.js';

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
  ...[FREE, CHARGED, REFUSED].flatMap((operation) => [operation.shows, curl(publicUrl, operation), '']),
  `In a browser: ${publicUrl}/graphql and ${publicUrl}/admin/graphql`,
];

const curl = (publicUrl: string, { key, selection }: DemoOperation): string => {
  const authorization = key === null ? '' : ` -H 'Authorization: Bearer ${key}'`;
  const body = JSON.stringify({ query: selection });
  return `  curl -i ${publicUrl}/graphql -H 'Content-Type: application/json'${authorization} -d '${body}'`;
};

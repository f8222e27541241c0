/** What plans and packs of a file have in common: how they differ from what is on sale, and how that is put right. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AdminClient } from './adminClient.js';

/** What applying a plan or a pack does to what is there. */
export interface OfferChange<Kind extends string> {
  readonly id: string;
  readonly kind: Kind;
  /** In words, one line a difference. */
  readonly differences: readonly string[];
}

export const differencesOf = (before: object, after: object): readonly string[] => {
  const was = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([name, value]) => {
    const [from, to] = [JSON.stringify(was.get(name)), JSON.stringify(value)];
    return from === to ? [] : [`${name}: ${from} → ${to}`];
  });
};

const TYPES: Readonly<Record<string, string>> = {
  planId: 'ID!',
  packId: 'ID!',
  version: 'Int!',
  plan: 'PlanInput!',
  pack: 'PackInput!',
  idempotencyKey: 'String!',
};

/** Under a key made of what is asked, so that a call whose answer was lost is the same call. Answers the new version. */
export const changeOffer = async (
  client: AdminClient,
  what: 'plan' | 'pack',
  mutation: string,
  args: object,
): Promise<number> => {
  const idempotencyKey = createHash('sha256')
    .update(JSON.stringify([mutation, args]))
    .digest('base64url');
  const given = { ...args, idempotencyKey };
  const names = Object.keys(given);
  const declared = names.map((name) => `$${name}: ${TYPES[name] ?? ''}`).join(', ');
  const passed = names.map((name) => `${name}: $${name}`).join(', ');
  const data = await client.ask(`mutation (${declared}) { ${mutation}(${passed}) { ${what} { version } } }`, given);
  const answer = z.object({ version: z.int() });
  const payload = z.object({ plan: answer.optional(), pack: answer.optional() }).parse(data[mutation]);
  return answer.parse(payload[what]).version;
};

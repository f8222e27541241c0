/** Everything about customers that a script may want to read, a line of JSON each, a page at a time. No secrets: there are none. */
import type { AdminClient } from './adminClient.js';
import { pageOf } from './planFile.js';

const ACCOUNTS = `query ($after: String) { accounts(first: 100, after: $after) {
  nodes { id name createdAt suspendedAt balance { available held }
    subscription { id planId planVersion state startsAt trialEndsAt paidUntil cancelsAt }
    apiKeys(first: 100) { nodes { id prefix scopes createdAt expiresAt revokedAt lastUsedAt } } }
  pageInfo { hasNextPage endCursor } } }`;

export async function* exportAccounts(client: AdminClient): AsyncGenerator<string, void> {
  for (let after: unknown = null; ;) {
    const { accounts } = await client.ask(ACCOUNTS, { after });
    const { nodes, pageInfo } = pageOf(accounts);
    for (const node of nodes) yield JSON.stringify(node);
    if (pageInfo['hasNextPage'] !== true) return;
    after = pageInfo['endCursor'];
  }
}

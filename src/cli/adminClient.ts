/** The admin API as scripts use it: one request, and an error in words where it is refused. */

export interface AdminClient {
  /** The answer's `data`. Throws `CliError` for anything but an answer without errors. */
  readonly ask: (document: string, variables?: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
}

/** What the person at the terminal can mend, in one line. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

export const adminClient = (url: string, key: string): AdminClient => {
  const endpoint = `${url.replace(/\/$/, '')}/admin/graphql`;
  return {
    ask: async (query, variables = {}) => {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query, variables }),
      }).catch((error: unknown) => {
        throw new CliError(`${endpoint} can't be reached. Does the server run there?`, { cause: error });
      });
      const body: unknown = await response.json().catch(() => null);
      if (!isRecord(body)) throw new CliError(`${endpoint} answers ${response.status}, and no GraphQL.`);
      const { data, errors } = body;
      if (Array.isArray(errors)) throw new CliError(errors.map(messageOf).join('; '));
      if (!isRecord(data)) throw new CliError(`${endpoint} answers ${response.status} without data.`);
      return data;
    },
  };
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const messageOf = (error: unknown): string => (isRecord(error) ? String(error['message']) : String(error));

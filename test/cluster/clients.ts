/** Clients of a server under load: each sends one operation after the other, and remembers what became of each. */

export interface Asked {
  /** The operation's name, which its charge has too. */
  readonly operation: string;
  /** Credits that it is charged where it is served. */
  readonly cost: number;
  /** `NO_ANSWER`: the connection broke before the whole answer was there. */
  readonly outcome: 'SERVED' | 'REFUSED' | 'UNAVAILABLE' | 'NO_ANSWER';
  readonly retryAfter: string | null;
  readonly ms: number;
}

export interface AskOptions {
  readonly url: string;
  readonly key: string;
  readonly operation: string;
  readonly cost?: number;
}

const TIMEOUT_MS = 30_000;

/** A paid query, `cost` credits. An answer that no client should ever get is thrown. */
export const ask = async ({ url, key, operation, cost = 1 }: AskOptions): Promise<Asked> => {
  const query = `query ${operation} { nearest(lat: 48.2, lon: 16.37, first: ${cost}) { name } }`;
  const startedAt = performance.now();
  const ended = (outcome: Asked['outcome'], retryAfter: string | null = null): Asked => ({
    operation,
    cost,
    outcome,
    retryAfter,
    ms: performance.now() - startedAt,
  });
  const answer = await post(url, key, query);
  if (answer === null) return ended('NO_ANSWER');
  switch (answer.status) {
    case 200:
      if (!answer.text.includes(`"charged":${cost}`)) break;
      return ended('SERVED');
    case 402:
      return ended('REFUSED');
    case 503:
      return ended('UNAVAILABLE', answer.retryAfter);
  }
  throw new Error(`${operation} was answered ${answer.status}: ${answer.text}`);
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** `null`: no whole answer came. */
export const post = async (url: string, key: string | null, query: string): Promise<Answer | null> => {
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
};

/** Clients that go on side by side until `next` has nothing more for them. */
export const runClients = async (
  count: number,
  next: (client: number) => AskOptions | null,
): Promise<readonly Asked[]> => {
  const all: Asked[] = [];
  const client = async (_: unknown, number: number): Promise<void> => {
    for (let options = next(number); options !== null; options = next(number)) all.push(await ask(options));
  };
  await Promise.all(Array.from({ length: count }, client));
  return all;
};

export const countOf = (asked: readonly Asked[], outcome: Asked['outcome']): number =>
  asked.filter((each) => each.outcome === outcome).length;

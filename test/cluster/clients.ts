/** Clients of a server under load: each sends one operation after the other, and remembers what became of each. */

export interface Asked {
  /** The operation's name, which its charge has too. */
  readonly operation: string;
  /** Credits that it is charged where it is served. */
  readonly cost: number;
  /** `NO_ANSWER`: the connection broke before the whole answer was there. `CONFLICT`: its key is in use. */
  readonly outcome: 'SERVED' | 'REFUSED' | 'UNAVAILABLE' | 'CONFLICT' | 'NO_ANSWER';
  readonly retryAfter: string | null;
  readonly ms: number;
}

export interface AskOptions {
  readonly url: string;
  readonly key: string;
  readonly operation: string;
  readonly cost?: number;
  /** Sent as its Idempotency-Key. What was charged the first time is not charged again. */
  readonly idempotencyKey?: string;
  readonly isMutation?: boolean;
}

export const MUTATION_COST = 10;

const TIMEOUT_MS = 30_000;

/** A paid operation. An answer that no client should ever get is thrown. */
export const ask = async (options: AskOptions): Promise<Asked> => {
  const { url, key, operation, cost = 1, idempotencyKey, isMutation = false } = options;
  const due = isMutation ? MUTATION_COST : cost;
  const startedAt = performance.now();
  const answer = await post(url, key, documentOf(options), idempotencyKey);
  const outcome = answer === null ? 'NO_ANSWER' : OUTCOMES.get(answer.status);
  if (answer !== null && !isSound(answer, idempotencyKey === undefined ? due : null)) {
    throw new Error(`${operation} was answered ${answer.status}: ${answer.text}`);
  }
  const retryAfter = answer?.retryAfter ?? null;
  return { operation, cost: due, outcome: outcome ?? 'NO_ANSWER', retryAfter, ms: performance.now() - startedAt };
};

const documentOf = ({ operation, cost = 1, isMutation = false }: AskOptions): string =>
  isMutation
    ? `mutation ${operation} { orderReport(countryCodes: ["AT"]) { id } }`
    : `query ${operation} { nearest(lat: 48.2, lon: 16.37, first: ${cost}) { name } }`;

/** Whether an answer is one that a client may get; `due`: what it must say was charged, `null`: it may be a repetition. */
const isSound = ({ status, text }: Answer, due: number | null): boolean => {
  const isServed = status === 200;
  if (!OUTCOMES.has(status) || text.includes('"errors"') === isServed) return false;
  return !isServed || due === null || text.includes(`"charged":${due}`);
};

const OUTCOMES: ReadonlyMap<number, Asked['outcome']> = new Map([
  [200, 'SERVED'],
  [402, 'REFUSED'],
  [409, 'CONFLICT'],
  [503, 'UNAVAILABLE'],
]);

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** `null`: no whole answer came. */
export const post = async (
  url: string,
  key: string | null,
  query: string,
  idempotencyKey?: string,
): Promise<Answer | null> => {
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  const idempotency = idempotencyKey === undefined ? {} : { 'idempotency-key': `"${idempotencyKey}"` };
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization, ...idempotency },
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
  onAnswer: (asked: Asked) => void = () => undefined,
): Promise<readonly Asked[]> => {
  const all: Asked[] = [];
  const client = async (_: unknown, number: number): Promise<void> => {
    for (let options = next(number); options !== null; options = next(number)) {
      const asked = await ask(options);
      all.push(asked);
      onAnswer(asked);
    }
  };
  await Promise.all(Array.from({ length: count }, client));
  return all;
};

export const countOf = (asked: readonly Asked[], outcome: Asked['outcome']): number =>
  asked.filter((each) => each.outcome === outcome).length;

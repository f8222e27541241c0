/**
 * The end of a server in good order: it says that it is going, closes connections with their last answers, waits for
 * what is under way, and only then ends what would go on for ever.
 */
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

export class Drain {
  #isBegun = false;
  #isEnding = false;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** From now on `/readyz` says no, and each answer closes its connection. */
  begin(): void {
    this.#isBegun = true;
  }

  /** For work that no HTTP response stands for. */
  async track<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay = Math.max(0, this.#underWay - 1);
      if (this.#underWay === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /** The same for what begins by itself. It does not any more, and answers `null`, once the end waits for what is under way. */
  async trackUnlessEnding<Result>(begin: () => Promise<Result>): Promise<Result | null> {
    if (!this.#isEnding) return this.track(begin());
    // Who has the next one at once would leave no turn for what is waited for.
    await setImmediate();
    return null;
  }

  /** Nothing is under way any more, and what was told last has been handed to its connection. */
  async idle(): Promise<void> {
    this.#isEnding = true;
    do {
      if (this.#underWay > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await setImmediate();
    } while (this.#underWay > 0);
  }

  /** Nobody waits any longer for what is under way. */
  giveUp(): void {
    this.#underWay = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly drain: Drain;
  }
}

export const addDrain = (server: FastifyInstance): void => {
  const drain = new Drain();
  server.decorate('drain', drain);
  server.addHook('onSend', async (_request, reply) => {
    if (drain.isBegun) reply.header('connection', 'close');
  });
  server.addHook('preClose', async () => {
    drain.begin();
  });
};

export interface DrainTerms {
  /** How long requests are still taken after it was said that the server is going, for whoever sends them to notice. */
  readonly delayMs: number;
  /** How long requests under way may take after that. */
  readonly graceMs: number;
}

/** Closes the server. Answers whether all that was under way was finished. */
export const drainServer = async (server: FastifyInstance, { delayMs, graceMs }: DrainTerms): Promise<boolean> => {
  server.drain.begin();
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  let isFinished = true;
  const overdue = setTimeout(() => {
    isFinished = false;
    server.drain.giveUp();
    server.server.closeAllConnections();
    // Those have left HTTP, and a client that is asleep never says goodbye.
    for (const client of server.websocketServer.clients) client.terminate();
  }, graceMs);
  await server.close();
  clearTimeout(overdue);
  return isFinished;
};

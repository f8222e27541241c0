/** The servers of a storm, and what befalls them: kills, stops, lost replies and clocks that jump. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What a server is told by its parent. */
export interface Weather {
  readonly clockOffsetMs: number;
  /** The share of writes that are carried out and whose reply is lost. */
  readonly lostReplies: number;
}

const CALM: Weather = { clockOffsetMs: 0, lostReplies: 0 };
const HOUR_MS = 3_600_000;
/** Either side of a hold's life, and far beyond it. */
const JUMPS_MS = [-HOUR_MS, -5_000, -500, 500, 5_000, HOUR_MS];
const LOST_REPLIES = 0.05;

/** One life of a server, from its start to its end. */
export interface Life {
  readonly url: string;
  /** Whether it ended without a word. */
  wasKilled: boolean;
}

class StormServer {
  #child: ChildProcess | null = null;
  #life: Life | null = null;

  constructor(private readonly databaseUrl: string) {}

  /** `null` while it is down. */
  get life(): Life | null {
    return this.#life;
  }

  async start(): Promise<void> {
    const script = path.join(import.meta.dirname, 'stormServer.ts');
    const env = { ...process.env, NODE_ENV: 'production' };
    const child = fork(script, [this.databaseUrl], { execArgv: ['--import', 'tsx'], env });
    this.#child = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`A server of the storm ended with ${String(code)} before it served.`);
    });
    const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
    ended.catch(() => undefined);
    this.#life = { url, wasKilled: false };
  }

  tell(weather: Weather): void {
    if (this.#child?.connected === true) this.#child.send(weather);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async killAndStart(): Promise<void> {
    const [child, life] = [this.#child, this.#life];
    if (child === null || life === null) return;
    this.#life = null;
    life.wasKilled = true;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await this.start();
  }

  /** Its exit code. */
  async stop(): Promise<unknown> {
    const child = this.#child;
    if (child === null) return null;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await ended;
    return code as unknown;
  }
}

export class StormFleet {
  readonly #servers: readonly StormServer[];
  #isStormy = true;
  /** What befell the servers, and how often. */
  readonly events = { kills: 0, stops: 0, losses: 0, jumps: 0 };

  constructor(
    databaseUrl: string,
    private readonly random: () => number,
    size = 3,
  ) {
    this.#servers = Array.from({ length: size }, () => new StormServer(databaseUrl));
  }

  async start(): Promise<void> {
    // One after the other: the first makes what the database lacks.
    for (const server of this.#servers) await server.start();
  }

  /** Any life that is under way. */
  pick(): Life {
    const lives = this.#servers.flatMap(({ life }) => (life === null ? [] : [life]));
    const life = lives[Math.floor(this.random() * lives.length)];
    if (life === undefined) throw new Error('No server of the storm is up.');
    return life;
  }

  /** Goes on until `calmDown`, with one misfortune at a time. */
  async rage(): Promise<void> {
    while (this.#isStormy) {
      await pause(100 + this.random() * 400);
      const server = this.#servers[Math.floor(this.random() * this.#servers.length)];
      if (server === undefined) continue;
      const dice = this.random();
      if (dice < 0.15) {
        this.events.kills += 1;
        await server.killAndStart();
      } else if (dice < 0.4) {
        this.events.stops += 1;
        server.signal('SIGSTOP');
        await pause(this.random() * 3_000);
        server.signal('SIGCONT');
      } else if (dice < 0.7) {
        this.events.losses += 1;
        server.tell({ ...CALM, lostReplies: LOST_REPLIES });
        await pause(500);
        server.tell(CALM);
      } else {
        this.events.jumps += 1;
        const clockOffsetMs = JUMPS_MS[Math.floor(this.random() * JUMPS_MS.length)] ?? 0;
        server.tell({ ...CALM, clockOffsetMs });
        await pause(500 + this.random() * 1_000);
        server.tell(CALM);
      }
    }
    for (const server of this.#servers) server.tell(CALM);
  }

  calmDown(): void {
    this.#isStormy = false;
  }

  /** The exit codes of the servers. */
  stop(): Promise<readonly unknown[]> {
    return Promise.all(this.#servers.map((server) => server.stop()));
  }
}

/** The server as an operator starts it: a process of its own, with its output and its exit code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildServer {
  readonly pid: number;
  /** Resolves with what was printed once it has said that it serves; rejects where it ends before. */
  readonly started: Promise<string>;
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface ChildOptions {
  /** The program and its arguments, run with this process's own Node. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Settings of the server that the environment of the tests must not decide. */
const SETTINGS = [
  'DATABASE_URL',
  'HOST',
  'PORT',
  'PUBLIC_URL',
  'LOG_LEVEL',
  'NODE_OPTIONS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
];

export const startChild = ({ args, cwd, env }: ChildOptions): ChildServer => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !SETTINGS.includes(name) && !name.startsWith('TOLLGATE_'),
  );
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr += text;
  });

  const ended = once(child, 'close').then((): Ended => ({
    code: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
  }));
  const started = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: string) => {
      stdout += text;
      if (stdout.startsWith('Tollgate serves') && stdout.endsWith('\n')) resolve(stdout);
    });
    void ended.then(() => {
      reject(new Error(`The server ended before it served: ${stderr}`));
    });
  });
  // Where a test waits for the end alone, a start that failed is what it is about.
  started.catch(() => undefined);
  return { pid: child.pid ?? 0, started, ended, kill: (signal) => child.kill(signal) };
};

/** A port that nobody listens on at this moment. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
};

/** A script in a process of its own, which tells its parent when it is ready and then answers what it is asked. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Child {
  /** What it told when it was ready. */
  readonly ready: unknown;
  /** One question at a time. Rejects where the child answers with what went wrong, or ends. */
  readonly ask: (question: unknown) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

interface Answer {
  readonly answer?: unknown;
  readonly fault?: string;
}

/** `script`: a compiled file of this folder. */
export const startChild = async (script: string, args: readonly string[]): Promise<Child> => {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv: ['--expose-gc'] });
  const ready = await nextAnswer(child);
  return {
    ready,
    ask: async (question) => {
      child.send({ question });
      return nextAnswer(child);
    },
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
};

const nextAnswer = async (child: ChildProcess): Promise<unknown> => {
  const ended = new AbortController();
  const end = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`The child ended with ${String(code)}.`);
  });
  try {
    const [{ answer, fault }] = (await Promise.race([once(child, 'message'), end])) as [Answer];
    if (fault !== undefined) throw new Error(fault);
    return answer;
  } finally {
    ended.abort();
    end.catch(() => undefined);
  }
};

/** In the child: tells that it is ready, and answers until the parent is gone or done. */
export const serveParent = (
  ready: unknown,
  answer: (question: unknown) => unknown,
  close: () => Promise<void>,
): void => {
  const reply = async (question: unknown): Promise<Answer> => {
    try {
      return { answer: await answer(question) };
    } catch (error) {
      return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', ({ question }: { readonly question: unknown }) => {
    void reply(question).then((each) => process.send?.(each));
  });
  process.once('disconnect', () => {
    void close();
    setTimeout(() => process.exit(0), CLOSE_MS_MAX).unref();
  });
  process.send?.({ answer: ready });
};

const CLOSE_MS_MAX = 1_000;

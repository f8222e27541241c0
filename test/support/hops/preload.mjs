/** Loaded before the server that is traced: keeps what its functions say between two messages of the parent process. */
import { register } from 'node:module';
import process from 'node:process';

/** @type {(readonly [file: string, place: string])[] | null} */
let hops = null;

Object.assign(globalThis, {
  /** @type {(file: string, place: string) => void} */
  noteHop: (file, place) => {
    hops?.push([file, place]);
  },
});

process.on('message', (message) => {
  const heard = hops;
  hops = message === 'begin' ? [] : null;
  process.send?.(heard ?? []);
});
// The parent's end is no reason to go on.
process.on('disconnect', () => process.exit());

register('./hooks.mjs', import.meta.url, { data: { root: process.cwd() } });

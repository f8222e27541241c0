/**
 * `npm run migrate -- --from sqlite:./data/tollgate.db --to mongodb://…`: copies everything from one store to another,
 * either way round, and compares the two.
 */
import { parseArgs } from 'node:util';
import { CopyError, copyStore } from './store/copyStore.js';
import { openStore } from './store/openStore.js';
import type { Store } from './store/store.js';
import { StoreError } from './store/storeError.js';

const USAGE = 'Usage: npm run migrate -- --from sqlite:./data/tollgate.db --to mongodb://host/database';

class UsageError extends Error {
  override readonly name = 'UsageError';
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const urlsIn = (args: readonly string[]): { readonly from: string; readonly to: string } => {
  const options = { from: { type: 'string' }, to: { type: 'string' } } as const;
  try {
    const { from, to } = parseArgs({ args: [...args], options }).values;
    if (from === undefined || to === undefined) throw new UsageError(USAGE);
    if (from === to) throw new UsageError(`The source and the target are the same. ${USAGE}`);
    return { from, to };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(USAGE, { cause: error });
  }
};

const migrate = async (args: readonly string[]): Promise<void> => {
  const { from, to } = urlsIn(args);
  const stores: Store[] = [];
  try {
    const source = await openStore(from);
    stores.push(source);
    if ((await source.listRecords('accounts', { first: 1, after: null })).length === 0) {
      throw new UsageError('The source has no account. Is it the right one?');
    }
    const target = await openStore(to);
    stores.push(target);
    const copied = await copyStore(source, target, (step) => {
      say(`✔ ${step}`);
    });
    say(`Copied and compared: ${copied.wallets} wallets hold ${copied.credits} credits on both sides.`);
  } finally {
    for (const store of stores) await store.close();
  }
};

const isExpected = (error: unknown): error is Error =>
  error instanceof UsageError || error instanceof CopyError || error instanceof StoreError;

try {
  await migrate(process.argv.slice(2));
} catch (error) {
  if (!isExpected(error)) throw error;
  process.stderr.write(`Nothing was lost, and the copy is not complete: ${error.message}\n`);
  process.exitCode = 1;
}

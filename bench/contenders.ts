/**
 * What is measured beside each other: Atlas for nothing, Tollgate, and what one would take instead. Each is opened in a
 * process of its own (`contenderProcess.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute } from 'graphql';
import { loadAtlas } from '../src/demo/loadAtlas.js';
import { accountId } from '../src/domain/ids.js';
import { viewAt } from '../src/domain/walletView.js';
import { AccountBook } from './alternatives/accountBook.js';
import type { Contender } from './alternatives/contender.js';
import { authorized, shielded } from './alternatives/gatekeepers.js';
import { loadedLookups, naiveLookups } from './alternatives/lookups.js';
import { rateLimited } from './alternatives/rateLimited.js';
import { ACCOUNTS_PER_MEANS, createFreeSchema, keyOf, MEANS, openWorld, walletWith } from './world.js';
import type { WorldTerms } from './world.js';

export interface OpenContender {
  readonly contender: Contender;
  /** The same where accounts are poor: its faults are counted. */
  readonly poor: Contender;
  readonly close: () => Promise<void>;
}

/** An account with too few credits for what it asks for. */
export const POOR = 'poor';
export const POOR_CREDITS = 100;
/** As a limit in a directive it must be an Int. */
const LARGEST_INT = 2 ** 31 - 1;

/** Atlas without any price. */
export const FLOOR = 'floor';
/** Looks up the keys that it is sent. */
export const TOLLGATE = 'Tollgate';
/** Knows whose keys they are, as the alternatives do. */
export const TOLLGATE_FIXED = 'Tollgate, keys known';

const openFloor = (): OpenContender => {
  const schema = createFreeSchema();
  const contender: Contender = {
    name: FLOOR,
    run: (_account, document) => execute({ schema, document, contextValue: {} }),
    creditsOf: () => Promise.resolve(Number.POSITIVE_INFINITY),
    remark: '',
  };
  return { contender, poor: contender, close: () => Promise.resolve() };
};

const openTollgate = async (terms: WorldTerms = {}): Promise<OpenContender> => {
  const { paywall, store, close } = await openWorld(undefined, terms);
  await store.commitWallets([walletWith(POOR, 1, POOR_CREDITS)]);
  const contender: Contender = {
    name: TOLLGATE,
    run: async (account, document) => {
      const caller = await paywall.identify(`Bearer ${account}`);
      return await paywall.execute({ document, contextValue: { tollgate: { caller } } });
    },
    creditsOf: async (account) => {
      const [wallet] = await store.findWallets([accountId(account)]);
      return wallet == null ? 0 : viewAt(wallet, Date.now()).available;
    },
    remark: '',
  };
  return { contender, poor: contender, close };
};

const fixedKeys = () => {
  const ofMeans = MEANS.flatMap((means) =>
    Array.from({ length: ACCOUNTS_PER_MEANS }, (_, index) => keyOf(means, index)),
  );
  return new Map([POOR, ...ofMeans].map((key) => [key, accountId(key)]));
};

/** With a book of its own. */
const openWithBook = (
  open: (book: AccountBook) => Contender,
  openPoor?: (book: AccountBook) => Contender,
): OpenContender => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const books = [new AccountBook(folder, 'rich'), new AccountBook(folder, 'poor')] as const;
  for (const book of books) book.setBalance(POOR, POOR_CREDITS);
  const contender = open(books[0]);
  return {
    contender,
    poor: openPoor === undefined ? contender : openPoor(books[1]),
    close: async () => {
      for (const book of books) book.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const OPEN: Readonly<Record<string, () => OpenContender | Promise<OpenContender>>> = {
  [FLOOR]: openFloor,
  [TOLLGATE]: openTollgate,
  [TOLLGATE_FIXED]: () => openTollgate({ fixedKeys: fixedKeys() }),
  naive: () => openWithBook((book) => naiveLookups(createFreeSchema(), book)),
  loaded: () => openWithBook((book) => loadedLookups(createFreeSchema(), book)),
  shield: () => openWithBook((book) => shielded(createFreeSchema(), book)),
  auth: () => openWithBook((book) => authorized(createFreeSchema(), book)),
  // The limit of the rate limiter is the schema's: for a poor account it takes another schema.
  limit: () =>
    openWithBook(
      (book) => rateLimited(book, LARGEST_INT),
      (book) => rateLimited(book, POOR_CREDITS),
    ),
};

export const ALTERNATIVES = ['naive', 'loaded', 'shield', 'auth', 'limit'] as const;

export const openContender = async (name: string): Promise<OpenContender> => {
  const open = OPEN[name];
  if (open === undefined) throw new Error(`There is no contender ${name}.`);
  loadAtlas();
  return open();
};

/**
 * One account that 64 clients charge at the same time, each command five milliseconds away: charges through the wallet
 * keeper, which commits together what comes together, beside one conditional `findOneAndUpdate` per charge. Tollgate's
 * leave an entry each in the ledger, which is moved there meanwhile; the other ones leave nothing.
 */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { accountId, grantId, holdId } from '../src/domain/ids.js';
import type { HoldId } from '../src/domain/ids.js';
import type { Wallet } from '../src/domain/wallet.js';
import { applyCommand } from '../src/domain/walletCommand.js';
import type { WalletCommand } from '../src/domain/walletCommand.js';
import { WalletKeeper } from '../src/ledger/walletKeeper.js';
import { openStore } from '../src/store/openStore.js';
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings } from './benchmark.js';
import { reachMongo, whyNoMongo } from './mongoServer.js';
import type { MongoServer } from './mongoServer.js';
import { inWords, spreadOf } from './statistics.js';
import type { Spread } from './statistics.js';

const DELAY_MS = 5;
const CLIENTS = 64;
const WARM_UP = 500;
const CHARGES = 2_000;
const ROUNDS = 3;
const RATIO_MIN = 10;
const ALICE = accountId('alice');
const CREDITS = 1_000_000_000;
const LINES = [{ coordinate: 'Query.a', credits: 1 }];

/** Charges once; the number is another one each time. */
type Charge = (n: number) => Promise<void>;

const chargeAll = async (count: number, charge: Charge): Promise<void> => {
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < count) await charge((begun += 1));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
};

/** Charges per second. */
const throughputOf = async (charge: Charge): Promise<number> => {
  await chargeAll(WARM_UP, charge);
  const startedAt = performance.now();
  await chargeAll(CHARGES, charge);
  return (CHARGES * 1_000) / (performance.now() - startedAt);
};

interface Throughput {
  readonly perSecond: number;
  readonly chargesPerCommit: number;
}

/** `chargeWith` gets how commands are carried out in one commit. */
const throughKeeper = async (
  server: MongoServer,
  chargeWith: (apply: (commands: readonly WalletCommand[]) => Promise<void>, id: HoldId) => Promise<void>,
): Promise<Throughput> => {
  const store = await openStore(server.urlOf(newName()));
  const keeper = new WalletKeeper(store, { now: Date.now });
  const apply = (commands: readonly WalletCommand[]): Promise<void> =>
    keeper.apply<never, void>(ALICE, {
      decide: (wallet, now) => ({
        wallet: commands.reduce((before, each) => applied(before, each, now), wallet),
        outcome: undefined,
      }),
    });
  const grant = { kind: 'grant', id: grantId('start'), credits: CREDITS, expiresAt: null, priority: 0 } as const;
  await apply([{ ...grant, reason: 'A benchmark' }]);
  const perSecond = await throughputOf(() => chargeWith(apply, holdId(randomUUID())));
  const { commits } = keeper.stats;
  await keeper.close();
  const [wallet] = await store.findWallets([ALICE]);
  if (wallet?.entrySum !== CREDITS - WARM_UP - CHARGES) throw new Error(`The balance is ${wallet?.entrySum}.`);
  await store.close();
  return { perSecond, chargesPerCommit: (WARM_UP + CHARGES) / commits };
};

const applied = (wallet: Wallet, command: WalletCommand, now: number): Wallet => {
  const { wallet: changed, result } = applyCommand(wallet, command, now);
  if (result.status === 'REFUSED') throw new Error(`${command.kind}: ${result.fault}`);
  return changed;
};

const holdOf = (id: HoldId): WalletCommand => ({
  kind: 'hold',
  id,
  credits: 1,
  units: [],
  expiresAt: Date.now() + 60_000,
});
const captureOf = (id: HoldId): WalletCommand => ({ kind: 'capture', holdId: id, lines: LINES, units: [] });

const newName = (): string => `bench_${randomUUID()}`;

const inOneStep = (server: MongoServer): Promise<Throughput> =>
  throughKeeper(server, (apply, id) => apply([holdOf(id), captureOf(id)]));

const inTwoSteps = (server: MongoServer): Promise<Throughput> =>
  throughKeeper(server, async (apply, id) => {
    await apply([holdOf(id)]);
    await apply([captureOf(id)]);
  });

const oneUpdateEach = async (server: MongoServer): Promise<Throughput> => {
  const client = await new MongoClient(server.urlOf(newName()), {
    maxPoolSize: CLIENTS,
    writeConcern: { w: 'majority' },
  }).connect();
  const balances = client.db().collection<{ _id: string; balance: number }>('balances');
  await balances.insertOne({ _id: ALICE, balance: CREDITS });
  const perSecond = await throughputOf(async () => {
    const charged = await balances.findOneAndUpdate({ _id: ALICE, balance: { $gte: 1 } }, { $inc: { balance: -1 } });
    if (charged === null) throw new Error('The balance did not suffice.');
  });
  const left = await balances.findOne({ _id: ALICE });
  if (left?.balance !== CREDITS - WARM_UP - CHARGES) throw new Error(`The balance is ${left?.balance}.`);
  await client.close();
  return { perSecond, chargesPerCommit: 1 };
};

const WAYS = [
  { name: 'one conditional findOneAndUpdate each', run: oneUpdateEach },
  { name: 'through the wallet keeper, charged in one step', run: inOneStep },
  { name: 'through the wallet keeper, held and then captured', run: inTwoSteps },
] as const;

/** In turn, so that whatever else the machine does slows all of them. */
const measure = async (): Promise<Findings> => {
  const server = await reachMongo(DELAY_MS);
  try {
    const rounds: Throughput[][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const results: Throughput[] = [];
      for (const { run } of WAYS) results.push(await run(server));
      rounds.push(results);
    }
    return findingsOf(rounds);
  } finally {
    server.close();
  }
};

const findingsOf = (rounds: readonly (readonly Throughput[])[]): Findings => {
  const spread = (way: number, of: (each: Throughput, first: Throughput) => number): Spread =>
    spreadOf(
      rounds.map((results) => {
        const [first, each] = [results[0], results[way]];
        return first === undefined || each === undefined ? Number.NaN : of(each, first);
      }),
    );
  const ratio = (way: number) => spread(way, (each, first) => each.perSecond / first.perSecond);
  const rows = WAYS.map(({ name }, way) => [
    name,
    inWords(
      spread(way, ({ perSecond }) => perSecond),
      0,
    ),
    inWords(ratio(way), 1),
    spread(way, ({ chargesPerCommit }) => chargesPerCommit).median.toFixed(0),
  ]);
  const columns = ['way', 'charges/s', '×', 'charges per write'];
  const title = `${CHARGES} charges of one account by ${CLIENTS} clients, ${DELAY_MS} ms per command`;
  const claim = 'Throughput of charges through the keeper, beside one update each';
  return { tables: [{ title, columns, rows }], charts: [], targets: [atLeast(claim, RATIO_MIN, ratio(1).median)] };
};

export const groupCommit: Benchmark = {
  name: 'group-commit',
  title: 'One account that many clients charge at the same time',
  whyNot: whyNoMongo,
  measure,
};

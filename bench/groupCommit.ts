/**
 * One account that 64 clients charge at the same time, each command five milliseconds away: charges through the wallet
 * keeper, which commits together what comes together, beside one conditional `findOneAndUpdate` per charge. A charge of
 * Tollgate's is two tasks one after the other, hold and capture, and leaves an entry in the ledger; the other one is a
 * single update and leaves nothing.
 */
import { MongoClient } from 'mongodb';
import { accountId, grantId, holdId } from '../src/domain/ids.js';
import { applyCommand } from '../src/domain/walletCommands.js';
import type { WalletCommand } from '../src/domain/walletCommands.js';
import { WalletKeeper } from '../src/ledger/walletKeeper.js';
import { openStore } from '../src/store/openStore.js';
import { startRig } from './slowRig.js';

const PORT = 27_139;
const DELAY_MS = 5;
const CLIENTS = 64;
const CHARGES = 2_000;
const RATIO_MIN = 10;
const ALICE = accountId('alice');

/** Charges per second. */
const throughputOf = async (charge: (n: number) => Promise<void>): Promise<number> => {
  let count = 0;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (count < CHARGES) await charge((count += 1));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (CHARGES * 1_000) / (performance.now() - startedAt);
};

const throughTollgate = async (url: string): Promise<number> => {
  const store = await openStore(`${url}/bench_group_commit`);
  const keeper = new WalletKeeper(store, { now: Date.now });
  const apply = (command: WalletCommand): Promise<void> =>
    keeper.apply<never, void>(ALICE, {
      decide: (wallet, now) => {
        const applied = applyCommand(wallet, command, now);
        if (applied.result.status === 'REFUSED') throw new Error(`${command.kind}: ${applied.result.fault}`);
        return { wallet: applied.wallet, outcome: undefined };
      },
    });
  const credits = 10 * CHARGES;
  await apply({ kind: 'grant', id: grantId('start'), credits, expiresAt: null, priority: 0, reason: 'A benchmark' });
  const lines = [{ coordinate: 'Query.a', credits: 1 }];
  const throughput = await throughputOf(async (n) => {
    const id = holdId(`hold-${n}`);
    await apply({ kind: 'hold', id, credits: 1, units: [], expiresAt: Date.now() + 60_000 });
    await apply({ kind: 'capture', holdId: id, lines, units: [] });
  });
  await keeper.close();
  const [wallet] = await store.findWallets([ALICE]);
  if (wallet?.entrySum !== credits - CHARGES) throw new Error(`The balance is ${wallet?.entrySum}.`);
  console.log(`${CHARGES} charges in ${keeper.stats.commits} commits`);
  await store.close();
  return throughput;
};

const oneUpdateEach = async (url: string): Promise<number> => {
  const client = await new MongoClient(url, { maxPoolSize: CLIENTS, writeConcern: { w: 'majority' } }).connect();
  const balances = client.db('bench_group_commit').collection<{ _id: string; balance: number }>('balances');
  await balances.insertOne({ _id: ALICE, balance: 10 * CHARGES });
  const throughput = await throughputOf(async () => {
    const charged = await balances.findOneAndUpdate({ _id: ALICE, balance: { $gte: 1 } }, { $inc: { balance: -1 } });
    if (charged === null) throw new Error('The balance did not suffice.');
  });
  const left = await balances.findOne({ _id: ALICE });
  if (left?.balance !== 9 * CHARGES) throw new Error(`The balance is ${left?.balance}.`);
  await client.close();
  return throughput;
};

const rig = startRig(PORT, DELAY_MS);
try {
  const [each, together] = [await oneUpdateEach(rig.url), await throughTollgate(rig.url)];
  const ratio = together / each;
  console.log(`${each.toFixed(0).padStart(8)} charges/s  one findOneAndUpdate each`);
  console.log(`${together.toFixed(0).padStart(8)} charges/s  through the wallet keeper, hold and capture`);
  console.log(`${ratio.toFixed(1).padStart(8)} ×  (target: ${RATIO_MIN} ×)`);
  process.exitCode = ratio >= RATIO_MIN ? 0 : 1;
} finally {
  rig.stop();
}

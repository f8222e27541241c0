/**
 * Long random runs: the wallet and an independent, naive model of it must agree on every reply and on every balance. A
 * run that fails names its seed; with `TOLLGATE_SEED` it is repeated.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { windowAt } from '../../src/domain/timeZone.js';
import type { WalletFault } from '../../src/domain/walletStep.js';
import { emptyWallet } from '../../src/domain/wallet.js';
import { applyCommand } from '../../src/domain/walletCommand.js';
import type { WalletCommand } from '../../src/domain/walletCommand.js';
import { viewAt } from '../../src/domain/walletView.js';
import { ALICE } from '../support/domain.js';
import { CommandMaker, randomSteps, runsOf, seedOfRun } from '../support/domainRuns.js';
import { NaiveWallet } from './naiveWallet.js';

const RUNS = runsOf(80);
const COMMANDS_PER_RUN = 400;

const tally = (names: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** Whether the window of a unit, as in `cities:DAY@1738281600000`, is not over. */
const isCurrent = (id: string, now: number): boolean => {
  const per = id.includes('HOUR') ? 'HOUR' : id.includes('MONTH') ? 'MONTH' : 'DAY';
  return windowAt(per, 'UTC', Number(id.slice(id.indexOf('@') + 1))).endsAt > now;
};

const seenInModel = (model: NaiveWallet, now: number) => {
  model.pass(now);
  const units = model.coins.filter(({ from }) => from.expiresAt === 0);
  const coins = model.coins.filter(({ from, box }) => from.expiresAt !== 0 && !box.startsWith('-'));
  return {
    available: coins.filter(({ box }) => box === '').length,
    held: coins.filter(({ box }) => box !== '').length,
    grants: tally(coins.map(({ from }) => from.id)),
    counters: tally(units.map(({ from }) => from.id).filter((id) => isCurrent(id, now))),
  };
};

/** Replies of all kinds that were compared, so that a run that compares nothing is noticed. */
const replies = new Map<string, number>();

const compare = (seed: number): void => {
  const [maker, model, ledger] = [new CommandMaker(), new NaiveWallet(), new Array<LedgerEntry>()];
  let wallet = emptyWallet(ALICE);
  const run: { readonly now: number; readonly command: WalletCommand }[] = [];
  for (const step of randomSteps(seed, COMMANDS_PER_RUN)) {
    const command = maker.next(step, ledger);
    const { now } = maker;
    run.push({ now, command });
    const applied = applyCommand(wallet, command, now);
    const { result } = applied;
    wallet = { ...applied.wallet, journal: [] };
    ledger.push(...applied.entries);
    const reply: number | WalletFault = result.status === 'APPLIED' ? result.credits : result.fault;
    const kindOfReply = `${command.kind} ${typeof reply === 'number' ? result.status : reply}`;
    replies.set(kindOfReply, (replies.get(kindOfReply) ?? 0) + 1);
    const { available, held, grants, counters } = viewAt(wallet, now);
    const seen = {
      reply,
      available,
      held,
      grants: Object.fromEntries(grants.map(({ id, remaining }) => [id, remaining])),
      counters: Object.fromEntries(
        counters.filter(({ used }) => used > 0).map(({ key, window, used }) => [`${key}@${window.startsAt}`, used]),
      ),
    };
    const expected = { reply: model.apply(command, now), ...seenInModel(model, now) };
    // Comparing by `expect` alone would take most of the time.
    if (isDeepStrictEqual(seen, expected)) continue;
    expect(seen, `command ${run.length} of seed ${seed}: ${JSON.stringify(command)}`).toEqual(expected);
  }
};

it(`the wallet and its model agree on every reply of ${RUNS} runs of ${COMMANDS_PER_RUN} commands`, () => {
  const seed = seedOfRun('wallet model');
  for (let run = 0; run < RUNS; run += 1) compare(seed + run);
  // Fewer runs may miss a rare reply.
  if (RUNS < 80) return;
  const seen = [...replies.keys()].sort();
  expect(seen).toEqual(
    expect.arrayContaining([
      'adjust APPLIED',
      'adjust GRANT_EXPIRED',
      'adjust INSUFFICIENT_CREDITS',
      'adjust UNKNOWN_GRANT',
      'capture APPLIED',
      'capture CAPTURE_EXCEEDS_HOLD',
      'capture CONFLICT',
      'capture HOLD_ENDED',
      'capture HOLD_EXPIRED',
      'capture UNKNOWN_HOLD',
      'extend APPLIED',
      'extend HOLD_ENDED',
      'extend HOLD_EXPIRED',
      'extend INSUFFICIENT_CREDITS',
      'extend LIMIT_REACHED',
      'extend UNKNOWN_HOLD',
      'grant APPLIED',
      'hold APPLIED',
      'hold INSUFFICIENT_CREDITS',
      'hold LIMIT_REACHED',
      'refund APPLIED',
      'refund REFUND_EXCEEDS_CHARGE',
      'refund UNKNOWN_CHARGE',
      'release APPLIED',
      'return APPLIED',
      'return CONFLICT',
      'return HOLD_ENDED',
      'return HOLD_EXPIRED',
      'return UNKNOWN_HOLD',
      'release HOLD_ENDED',
      'release HOLD_EXPIRED',
      'release UNKNOWN_HOLD',
      'settlePurchase APPLIED',
    ]),
  );
}, 60_000);

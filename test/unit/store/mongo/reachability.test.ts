import { EventEmitter } from 'node:events';
import type { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MongoLink } from '../../../../src/store/mongo/mongoLink.js';
import type { MongoDatabase } from '../../../../src/store/mongo/mongoDatabase.js';
import { Reachability } from '../../../../src/store/mongo/reachability.js';

const OPTIONS = { serverSelectionTimeoutMS: 2_000, connectTimeoutMS: 2_000, heartbeatFrequencyMS: 1_000 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const watched = () => {
  const client = Object.assign(new EventEmitter(), { options: OPTIONS, close: vi.fn(() => Promise.resolve()) });
  const reachability = new Reachability(client as unknown as MongoClient);
  const see = (isWritable: boolean) =>
    client.emit('topologyDescriptionChanged', { newDescription: { servers: new Map([['db:1', { isWritable }]]) } });
  const beat = (outcome: 'Started' | 'Succeeded' | 'Failed') =>
    client.emit(`serverHeartbeat${outcome}`, { connectionId: 'db:1' });
  return { client, reachability, see, beat };
};

it('lets calls wait for a server as long as the driver does, and no longer', () => {
  const { reachability, see } = watched();
  reachability.check();
  see(false);
  vi.advanceTimersByTime(2_000);
  reachability.check();
  see(false);
  vi.advanceTimersByTime(1);
  expect(() => {
    reachability.check();
  }).toThrow(expect.objectContaining({ code: 'UNREACHABLE', message: 'MongoDB has not been reachable for 2.0 s.' }));
  see(true);
  reachability.check();
});

it('is stuck where a heartbeat has no outcome and no server is known', () => {
  const { reachability, see, beat } = watched();
  beat('Started');
  beat('Failed');
  see(false);
  vi.advanceTimersByTime(60_000);
  expect(reachability.isStuck).toBe(false);
  beat('Started');
  vi.advanceTimersByTime(3_500);
  expect(reachability.isStuck).toBe(false);
  vi.advanceTimersByTime(1);
  expect(reachability.isStuck).toBe(true);
  see(true);
  expect(reachability.isStuck).toBe(false);
  see(false);
  beat('Succeeded');
  expect(reachability.isStuck).toBe(false);
});

it('gives up what was under way when the server was lost, once a second attempt had its time', () => {
  const { reachability, see } = watched();
  const before = performance.now();
  vi.advanceTimersByTime(1);
  see(false);
  vi.advanceTimersByTime(1);
  see(true);
  const after = performance.now();
  vi.advanceTimersByTime(2_499);
  expect(reachability.isInVain(before)).toBe(false);
  vi.advanceTimersByTime(1);
  expect(reachability.isInVain(before)).toBe(true);
  expect(reachability.isInVain(after)).toBe(false);
});

/** A link whose verbs never end, as where the driver waits for a socket that is gone. */
const linked = () => {
  const clients = [watched(), watched()];
  const opened: number[] = [];
  const open = () => {
    const number = opened.length;
    opened.push(number);
    return { ...clients[number], number } as unknown as MongoDatabase;
  };
  const link = new MongoLink(open(), open, (database) => (database as unknown as { number: number }).number);
  const ended = vi.fn();
  const begin = () => void link.run(() => new Promise(() => undefined)).catch(ended);
  return { link, clients, ended, begin };
};

it('answers a verb that the driver forgets soon after the server was lost, and opens another client when it is back', async () => {
  const { link, clients, ended, begin } = linked();
  const [first] = clients;
  begin();
  await vi.advanceTimersByTimeAsync(20);
  first?.see(false);
  await vi.advanceTimersByTimeAsync(2_400);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(600);
  expect(ended).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ code: 'UNREACHABLE', message: 'MongoDB did not answer before it was lost.' }),
  );
  await expect(link.run((number) => Promise.resolve(number))).rejects.toThrow(
    'MongoDB has not been reachable for 3.0 s.',
  );
  first?.see(true);
  expect(await link.run((number) => Promise.resolve(number))).toBe(1);
  expect(first?.client.close).toHaveBeenCalledOnce();
});

it('waits for a verb up to its time limit where the server was there all the time', async () => {
  const { link, clients, ended, begin } = linked();
  clients[0]?.see(true);
  begin();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: 'MongoDB did not answer within 10000 ms.' }),
  );
  expect(await link.run((number) => Promise.resolve(number))).toBe(1);
});

import { EventEmitter } from 'node:events';
import type { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/store/mongo/reachability.js';

const OPTIONS = { serverSelectionTimeoutMS: 2_000, connectTimeoutMS: 2_000, heartbeatFrequencyMS: 1_000 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const watched = () => {
  const client = Object.assign(new EventEmitter(), { options: OPTIONS });
  const reachability = new Reachability(client as unknown as MongoClient);
  const see = (isWritable: boolean) =>
    client.emit('topologyDescriptionChanged', { newDescription: { servers: new Map([['db:1', { isWritable }]]) } });
  const beat = (outcome: 'Started' | 'Succeeded' | 'Failed') =>
    client.emit(`serverHeartbeat${outcome}`, { connectionId: 'db:1' });
  return { reachability, see, beat };
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

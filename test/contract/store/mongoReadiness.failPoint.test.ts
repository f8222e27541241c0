/** A MongoDB server that answers and takes no writes, as one whose disk is full. It uses the server's one fail point. */
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startServer } from '../../support/server.js';
import type { TestServer } from '../../support/server.js';
import { describeMongo, openMongoForTest } from './mongoForTest.js';

/** `OutOfDiskSpace`. */
const OUT_OF_DISK_SPACE = 14_031;

describeMongo('MongoDB without room for writes', (url) => {
  let admin: MongoClient;
  let server: TestServer;
  beforeAll(async () => {
    admin = await new MongoClient(url).connect();
  });
  afterEach(async () => {
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    await server.close();
  });
  afterAll(() => admin.close());

  it('makes the server unready', async () => {
    server = await startServer({ database: () => openMongoForTest(url) });
    const data = { failCommands: ['insert', 'update', 'findAndModify'], errorCode: OUT_OF_DISK_SPACE };
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
    const { status, body } = await server.request('/readyz');
    expect({ status, body }).toEqual({ status: 503, body: { status: 'unavailable', store: 'unwritable' } });
    await server.store.ping();
  });

  it('is ready where it takes writes', async () => {
    server = await startServer({ database: () => openMongoForTest(url) });
    const { status, body } = await server.request('/readyz?verbose');
    expect({ status, body }).toMatchObject({ status: 200, body: { store: 'ok', clock: { isTolerable: true } } });
  });
});

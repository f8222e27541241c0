import { expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { CRASHES, crashAgainAndAgain } from './crashSuite.js';

describeMongo('on MongoDB', (url) => {
  it('a server killed at random moments charges exactly what it answered', { timeout: CRASHES * 15_000 }, async () => {
    const database = await openMongoForTest(url);
    await crashAgainAndAgain('MongoDB', database.url, () => openStore(database.url));
    await database.drop();
    expect.hasAssertions();
  });
});

import { it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { endUnderLoad } from './drainSuite.js';

describeMongo('SIGTERM under load, on MongoDB', (url) => {
  it('loses no answer, leaves no hold and ends within the grace', { timeout: 60_000 }, async () => {
    const database = await openMongoForTest(url);
    await endUnderLoad(database.url, () => openStore(database.url), false);
    await database.drop();
  });
});

import { describeMongo, openMongoForTest } from '../../contract/store/mongoForTest.js';
import { walkThroughSuite } from './walkThroughSuite.js';

describeMongo('the walk through on MongoDB', (url) => {
  walkThroughSuite('MongoDB', { database: () => openMongoForTest(url) });
});

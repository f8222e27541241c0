import { describeMongo, openMongoForTest } from '../../contract/store/mongoForTest.js';
import { causesSuite } from './causesSuite.js';

describeMongo('the causes of refusals on MongoDB', (url) => {
  causesSuite('MongoDB', { database: () => openMongoForTest(url) });
});

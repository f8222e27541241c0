import { describeMongo, openMongoForTest } from '../../contract/store/mongoForTest.js';
import { totalsSuite } from './totalsSuite.js';

describeMongo('watched', (url) => {
  totalsSuite('MongoDB', () => openMongoForTest(url));
});

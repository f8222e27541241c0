import { describeMongo, openMongoForTest } from '../../contract/store/mongoForTest.js';
import { idempotencySuite } from './idempotencySuite.js';

describeMongo('Idempotency-Key', (url) => {
  idempotencySuite('MongoDB', { database: () => openMongoForTest(url) });
});

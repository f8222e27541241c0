import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { journeySuite } from './journeySuite.js';

describeMongo('over HTTP', (url) => {
  // Entries ride in the wallet's own document and are moved to the ledger after the answer was sent.
  journeySuite('MongoDB', { database: () => openMongoForTest(url), ledgerAppends: 1 });
});

import { copySuite } from './copySuite.js';
import { describeMongo, openMongoForTest } from './mongoForTest.js';
import { openSqliteForTest } from './sqliteForTest.js';

describeMongo('copying', (url) => {
  const openMongo = () => openMongoForTest(url);
  copySuite('from SQLite to MongoDB', openSqliteForTest, openMongo);
  copySuite('from MongoDB to SQLite', openMongo, openSqliteForTest);
});

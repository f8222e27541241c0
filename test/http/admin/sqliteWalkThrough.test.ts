import { sqliteDatabase } from '../../support/server.js';
import { walkThroughSuite } from './walkThroughSuite.js';

walkThroughSuite('SQLite', { database: sqliteDatabase });

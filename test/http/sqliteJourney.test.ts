import { sqliteDatabase } from '../support/server.js';
import { journeySuite } from './journeySuite.js';

journeySuite('SQLite', { database: sqliteDatabase, ledgerAppends: 0 });

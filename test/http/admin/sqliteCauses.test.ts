import { sqliteDatabase } from '../../support/server.js';
import { causesSuite } from './causesSuite.js';

causesSuite('SQLite', { database: sqliteDatabase });

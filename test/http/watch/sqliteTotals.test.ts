import { sqliteDatabase } from '../../support/server.js';
import { totalsSuite } from './totalsSuite.js';

totalsSuite('SQLite', sqliteDatabase);

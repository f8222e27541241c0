import { sqliteDatabase } from '../../support/server.js';
import { idempotencySuite } from './idempotencySuite.js';

idempotencySuite('SQLite', { database: sqliteDatabase });

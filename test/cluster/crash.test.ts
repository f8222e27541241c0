import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { CRASHES, crashAgainAndAgain } from './crashSuite.js';

it(
  'on SQLite, a server killed at random moments charges exactly what it answered',
  { timeout: CRASHES * 15_000 },
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-crash-'));
    const url = `sqlite:${path.join(folder, 'tollgate.db')}`;
    await crashAgainAndAgain('SQLite', url, () => openStore(url));
    rmSync(folder, { recursive: true });
    expect.hasAssertions();
  },
);

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS } from './row.js';
import type { Cell } from './row.js';
import { ROWS } from './rows.js';
import { runRow } from './runRow.js';
import type { Observed, RunningRow } from './runRow.js';
import { withTable } from './table.js';

const PAGE = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

/** All that must be observed; `status` is null without a server. */
const expectedOf = (cell: Cell, status: number | null): Observed => {
  const { errors } = cell;
  return {
    status,
    body: {
      ...(errors === undefined ? {} : { errors }),
      ...(cell.data === undefined ? {} : { data: cell.data }),
      ...(cell.payment === undefined ? {} : { extensions: { payment: cell.payment } }),
    },
    ledger: cell.ledger,
    held: 0,
    calls: cell.calls,
    ran: cell.ran ?? [],
  };
};

describe.each(ROWS)('$name', (row) => {
  let running: RunningRow;
  beforeAll(async () => {
    running = await runRow(row);
  });
  afterAll(() => running.close());

  for (const column of COLUMNS) {
    const cell = row.cells[column];
    if ('pointless' in cell) continue;
    it(`${column}, over HTTP`, async () => {
      expect(await running.overHttp(cell)).toStrictEqual(expectedOf(cell, cell.status));
    });
    it(`${column}, without a server`, async () => {
      expect(await running.byExecute(cell)).toStrictEqual(expectedOf(cell, null));
    });
  }
});

describe('the matrix', () => {
  it('says why where a cell makes no sense, and names each row once', () => {
    const reasons = ROWS.flatMap(({ cells }) => COLUMNS.map((column) => cells[column])).flatMap((cell) =>
      'pointless' in cell ? [cell.pointless] : [],
    );
    expect(reasons.filter((reason) => reason.trim().length < 20)).toEqual([]);
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
  });

  it('is what docs/conformance.md shows; `npx vitest run test/conformance -u` writes it anew', async () => {
    const page = await withTable(readFileSync(PAGE, 'utf8'), ROWS, PAGE);
    await expect(page).toMatchFileSnapshot(PAGE);
  });
});

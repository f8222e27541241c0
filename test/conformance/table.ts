/** The matrix as people read it. */
import { format, resolveConfig } from 'prettier';
import { COLUMNS } from './row.js';
import type { Cell, Pointless, Row } from './row.js';

const BEGIN = '<!-- The table is made by test/conformance; see CONTRIBUTING.md. -->';
const END = '<!-- The end of the table. -->';

/** What a page that shows the matrix must be: the same, with the table as it is now. */
export const withTable = async (page: string, rows: readonly Row[], path: string): Promise<string> => {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has no place for the table.`);
  const text = [before.trimEnd(), BEGIN, tableOf(rows), END, after.trimStart()].join('\n\n');
  return format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
};

const tableOf = (rows: readonly Row[]): string => {
  const notes: string[] = [];
  const noteOn = ({ pointless }: Pointless): string => {
    if (!notes.includes(pointless)) notes.push(pointless);
    return `– <sup>${notes.indexOf(pointless) + 1}</sup>`;
  };
  const lines = rows.map((row) => {
    const cells = COLUMNS.map((column) => {
      const cell = row.cells[column];
      return 'pointless' in cell ? noteOn(cell) : inWords(cell);
    });
    return `| ${[row.name, row.shows, ...cells].map(escaped).join(' | ')} |`;
  });
  return [
    `| operation | what it shows | ${COLUMNS.join(' | ')} |\n|${' --- |'.repeat(COLUMNS.length + 2)}\n${lines.join('\n')}`,
    notes.map((note, index) => `${index + 1}. ${note}`).join('\n'),
  ].join('\n\n');
};

const inWords = (cell: Cell): string => {
  const charged = cell.ledger.reduce((sum, entry) => sum - Number.parseInt(entry, 10), 0);
  const errors = cell.errors?.length ?? 0;
  const parts = [String(cell.status), ...(charged > 0 ? [plural(charged, 'credit')] : [])];
  return [...parts, ...(errors > 0 ? [plural(errors, 'error')] : [])].join(', ');
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const escaped = (text: string): string => text.replaceAll('|', '\\|');

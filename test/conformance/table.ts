/** The matrix as people read it. */
import { format, resolveConfig } from 'prettier';
import { COLUMNS } from './row.js';
import type { Cell, Pointless, Row } from './row.js';

/** What `docs/conformance.md` must be. */
export const conformancePage = async (rows: readonly Row[], path: string): Promise<string> => {
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
  const text = [
    INTRODUCTION,
    `| operation | what it shows | ${COLUMNS.join(' | ')} |\n|${' --- |'.repeat(COLUMNS.length + 2)}\n${lines.join('\n')}`,
    notes.map((note, index) => `${index + 1}. ${note}`).join('\n'),
  ].join('\n\n');
  return format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
};

const INTRODUCTION = `# Every way to write an operation, priced

This table is made from \`test/conformance/rows/\` by a test, which also runs each cell: over HTTP, and by \`paywall.execute\` without a
server. A cell gives the status, how many credits were charged and how many errors were sent. Compared are the whole answer, the status, the
ledger's entries, the number of calls of the store, and which resolvers ran. “Covered”: by a plan, by an account without credits. “Refused in
part”: the means suffice for some of it. “Refused whole”: nothing of it is run.`;

const inWords = (cell: Cell): string => {
  const charged = cell.ledger.reduce((sum, entry) => sum - Number.parseInt(entry, 10), 0);
  const errors = cell.errors?.length ?? 0;
  const parts = [String(cell.status), ...(charged > 0 ? [plural(charged, 'credit')] : [])];
  return [...parts, ...(errors > 0 ? [plural(errors, 'error')] : [])].join(', ');
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const escaped = (text: string): string => text.replaceAll('|', '\\|');

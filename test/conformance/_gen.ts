/* eslint-disable */
// @ts-nocheck
import { writeFileSync } from 'node:fs';
import { runRow } from './runRow.js';
import * as S from './schemas.js';
import { inputs } from './_input.js';
import { KEY_ONLY, READS, HOLD, EXTENDED_HOLD } from './row.js';

const q = (x: unknown): string => JSON.stringify(x);
const calls = (c: any) => {
  for (const [n, k] of Object.entries({ KEY_ONLY, READS, HOLD, EXTENDED_HOLD }))
    if (JSON.stringify(Object.entries(k).sort()) === JSON.stringify(Object.entries(c).sort())) return n;
  return q(c);
};
const err = (e: any) => {
  const x = e.extensions ?? {};
  const pos = e.locations?.map((l: any) => l.column).join(',');
  if (e.locations?.some((l: any) => l.line !== 1)) console.log('LINE', e);
  const cols = e.locations?.length === 1 ? pos : `[${pos}]`;
  const where = e.path === undefined ? `at(${cols})` : `at(${cols}, ${e.path.map(q).join(', ')})`;
  if (e.message === 'The mine collapsed.') return `collapsed(${where})`;
  if (x.reason === 'INSUFFICIENT_FUNDS') return `poor('${x.coordinate}', ${x.required}, ${x.available}, ${where})`;
  if (x.reason === 'PLAN_UPGRADE_REQUIRED') return `notInPlan('${x.coordinate}', ${q(x.feature)}, ${where})`;
  if (x.reason === 'SUBSCRIPTION_REQUIRED') return `notSubscribed('${x.coordinate}', ${q(x.feature)}, ${where})`;
  return `${q(e)}`;
};
const files: Record<string, string[]> = {};
for (const input of inputs) {
  const schema = eval(`(S)=>${input.schema.replace(/^(\w)/, 'S.$1').replace(/new Ho/, 'new S.Ho')}`)(S);
  const row = { ...input, schema, options: input.options ? eval(`(${input.options})`) : undefined };
  const run = await runRow(row);
  const out = (files[input.file] ??= []);
  out.push(
    `{ name: ${q(input.name)}, shows: ${q(input.shows)}, operation: ${q(input.operation)}, schema: ${input.schema},${input.options ? `options: ${input.options},` : ''} cells: {`,
  );
  for (const [col, cell] of Object.entries(input.cells)) {
    if (cell.pointless) {
      out.push(`${q(col)}: { pointless: ${q(cell.pointless)} },`);
      continue;
    }
    const h = await run.overHttp(cell);
    const x = await run.byExecute(cell);
    const norm = (o: any) => q({ ...o, status: 0 }).replace(/"refusalId":"[^"]*"/g, '');
    if (norm(h) !== norm(x)) console.log('DIFF', input.name, col, '\n', norm(h), '\n', norm(x));
    if (h.held !== 0) console.log('HELD', input.name, col, h.held);
    const b: any = h.body;
    out.push(
      `${q(col)}: { has: ${q(cell.has)}, ${cell.operation ? `operation: ${q(cell.operation)},` : ''} ${cell.variables ? `variables: ${q(cell.variables)},` : ''} status: ${h.status},`,
    );
    if ('data' in b) out.push(`data: ${q(b.data)},`);
    if (b.errors) out.push(`errors: [${b.errors.map(err).join(', ')}],`);
    if (JSON.stringify(b.errors)?.includes('GRAPHQL_VALIDATION'))
      out.push(`errorsOfExecute: [${(x.body as any).errors.map(err).join(', ')}],`);
    const p = b.extensions?.payment;
    if (p)
      out.push(
        `payment: payment(${p.charged}, ${p.balance}${p.fields.map((f: any) => `, [${q(f.coordinate)}, ${f.positions}, ${f.credits}${f.coveredBy ? `, ${q(f.coveredBy)}` : ''}]`).join('')}),`,
      );
    out.push(`ledger: ${q(h.ledger)}, calls: ${calls(h.calls)}, ran: ${q(h.ran)} },`);
  }
  out.push('} },');
  await run.close();
}

const DOCS: Record<string, string> = {
  fields: 'How a field is selected.',
  conditions: '`@skip` and `@include`.',
  lists: 'Lists.',
  types: 'Abstract types, and paid fields beneath paid ones.',
  mutations: 'Mutations.',
  freeFields: 'What is free whatever stands beside it.',
  prices: 'Where a schema has its prices from.',
  resolvers: 'How a value comes about.',
};
for (const [file, out] of Object.entries(files)) {
  const text = out.join('\n');
  const used = (names: string[]) => names.filter((n) => new RegExp(`\\b${n}\\b`).test(text));
  const exp = used(['at', 'collapsed', 'notInPlan', 'notSubscribed', 'payment', 'poor']);
  const row = used(['EXTENDED_HOLD', 'HOLD', 'KEY_ONLY', 'READS']);
  const sch = used(Object.keys(S));
  writeFileSync(
    `test/conformance/rows/${file}.ts`,
    `/** ${DOCS[file]} */
import { ${exp.join(', ')} } from '../expected.js';
import { ${row.join(', ')} } from '../row.js';
import type { Row } from '../row.js';
import { ${sch.join(', ')} } from '../schemas.js';

export const ${file}: readonly Row[] = [
${text}
];
`,
  );
}

#!/usr/bin/env node
/** `tollgate` on the command line: a thin client of the admin API, for what scripts need. It alone reads its environment. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { adminClient, CliError, isRecord } from './cli/adminClient.js';
import type { AdminClient } from './cli/adminClient.js';
import { exportAccounts } from './cli/exportAccounts.js';
import { applyPacks } from './cli/packFile.js';
import { applyPlans, exportPlans, readPlanFile } from './cli/planFile.js';
import type { PlanChange } from './cli/planFile.js';

const SIGNS: Readonly<Record<PlanChange['kind'], string>> = { NEW: '+', EDIT: '~', PUBLISH: '^', SAME: '=' };

const clientOf = (program: Command): AdminClient => {
  const { url } = program.opts<{ readonly url: string }>();
  const key = process.env['TOLLGATE_OPERATOR_KEY'];
  // Not an option: what is on a command line is in the shell's history and in the list of processes.
  if (key === undefined || key === '') throw new CliError('Set TOLLGATE_OPERATOR_KEY to the key of an operator.');
  return adminClient(url, key);
};

const ISSUE = `mutation ($accountId: ID!, $scopes: [String!], $expiresAt: DateTime, $budget: BudgetInput, $idempotencyKey: String!) {
  issueApiKey(accountId: $accountId, scopes: $scopes, expiresAt: $expiresAt, budget: $budget, idempotencyKey: $idempotencyKey) {
    secret } }`;

interface IssueOptions {
  readonly scope?: string[];
  readonly expires?: string;
  readonly budget?: string;
  readonly idempotencyKey: string;
}

/** As in `500/DAY`. What is no number or no span of time the server refuses, with its reason. */
const budgetOf = (text: string | undefined): { readonly credits: number; readonly per: string } | null => {
  if (text === undefined) return null;
  const [credits = '', per = ''] = text.split('/');
  return { credits: Number(credits), per: per.toUpperCase() };
};

const program = new Command('tollgate')
  .description('Administers Tollgate. The operator’s key is read from TOLLGATE_OPERATOR_KEY.')
  .option('--url <url>', 'where the server is', process.env['TOLLGATE_URL'] ?? 'http://127.0.0.1:4000');

program
  .command('keys')
  .description('keys of accounts')
  .command('issue <account>')
  .description('issues a key, and prints its secret, this once')
  .option('--scope <feature...>', 'the features that it may ask for; left out: all')
  .option('--expires <date>', 'when it ends, in ISO 8601; left out: never')
  .option('--budget <credits/per>', 'what it may spend, as 500/DAY, MONTH or HOUR; left out: all that the account has')
  .option('--idempotency-key <key>', 'the same call again with the same key prints the same secret', randomUUID())
  .action(async (accountId: string, options: IssueOptions) => {
    const { scope = null, expires = null, budget, idempotencyKey } = options;
    const variables = { accountId, scopes: scope, expiresAt: expires, budget: budgetOf(budget), idempotencyKey };
    const { issueApiKey } = await clientOf(program).ask(ISSUE, variables);
    console.log(isRecord(issueApiKey) ? String(issueApiKey['secret']) : '');
  });

const plans = program.command('plans').description('plans as a file');
plans
  .command('apply <file>')
  .description('puts on sale what the file says and differs: + new, ~ edited, ^ a draft published, = as it is')
  .option('--dry-run', 'shows what would be done')
  .action(async (path: string, { dryRun = false }: { dryRun?: boolean }) => {
    const wanted = readPlanFile(readFileSync(path, 'utf8'));
    const client = clientOf(program);
    const how = { isDryRun: dryRun };
    const plansDone = await applyPlans(client, wanted.plans, how);
    const packsDone = await applyPacks(client, wanted.packs, how);
    for (const { id, kind, differences } of [...plansDone, ...packsDone]) {
      console.log([`${SIGNS[kind]} ${id}`, ...differences.map((each) => `    ${each}`)].join('\n'));
    }
  });
plans
  .command('export')
  .description('prints the plans on sale as such a file')
  .action(async () => {
    process.stdout.write(await exportPlans(clientOf(program)));
  });

program
  .command('export')
  .description('prints all accounts with their subscriptions, balances and keys, a line of JSON each')
  .action(async () => {
    for await (const line of exportAccounts(clientOf(program))) console.log(line);
  });

try {
  await program.parseAsync();
} catch (error) {
  const isExpected = error instanceof CliError || (error instanceof Error && 'syscall' in error);
  console.error(isExpected ? `tollgate: ${error.message}` : error);
  process.exitCode = 1;
}

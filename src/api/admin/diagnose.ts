/** Loads what the rules of diagnosis need: of a refusal that was recorded, or of an operation that is asked about. */
import { keyStateAt } from '../../domain/account.js';
import type { ApiKey } from '../../domain/account.js';
import { checksOf, reasonOf, remedyFor, remedyTermsOf } from '../../domain/diagnosis.js';
import { findingOf, findingsNow, findingThen } from '../../domain/finding.js';
import type { CheckResult, RemedyAdvice } from '../../domain/diagnosis.js';
import type { FieldAsked, Finding } from '../../domain/finding.js';
import type { Decision, Standing } from '../../domain/admission.js';
import type { AccountId } from '../../domain/ids.js';
import type { RefusalReason } from '../../domain/refusal.js';
import type { RefusalRecord } from '../../domain/refusalRecord.js';
import type { Caller } from '../../accounts/caller.js';
import { requestLoaders } from '../../accounts/loaders.js';
import { loadCallerStanding, standingOf } from '../../accounts/accountStanding.js';
import { admissionOf, keysOf } from '../../paywall/quoteRequest.js';
import type { QuoteRequest } from '../../paywall/quoteRequest.js';
import { OperatorError } from '../../admin/operatorError.js';
import type { AdminContext } from './adminContext.js';
import { loadAccount, loadApiKey } from '../../admin/loadCurrent.js';

export interface DiagnosisSource {
  readonly coordinate: string | null;
  readonly path: readonly string[] | null;
  readonly reasonThen: RefusalReason | null;
  readonly reasonNow: RefusalReason | null;
  readonly checks: readonly CheckResult[];
  /** What puts `reasonNow` right. */
  readonly remedy: RemedyAdvice | null;
}

/** Who sent it, as they are now. */
const callerFor = (
  { engine }: Pick<AdminContext, 'engine'>,
  accountId: AccountId | null,
  { key, scopes, budget }: Pick<Caller, 'key' | 'scopes' | 'budget'>,
): Caller => {
  const caller: Caller = {
    key,
    accountId,
    scopes,
    budget,
    sentKey: null,
    barred: null,
    loaders: requestLoaders(engine.loaders),
    again: () => Promise.resolve(caller),
  };
  return caller;
};

const keyNow = (key: ApiKey, { now }: Pick<AdminContext, 'now'>) => ({
  key: keyStateAt(key, now),
  scopes: key.scopes,
  budget: key.budget ?? null,
});

/** What a diagnosis is made of, whoever asks. */
type Diagnosing = Pick<AdminContext, 'engine' | 'now' | 'keyRequestsPerMinute'>;

/** What would come of the fields of a refusal now, in their order. */
export const findRefusalNow = async (context: Diagnosing, record: RefusalRecord) => {
  const { engine, now } = context;
  const { accountId, keyId, refusals } = record;
  const keyThen = refusals[0] === undefined ? null : findingThen(record, refusals[0]).key;
  const [stored = null] = keyId === null ? [] : await engine.store.findApiKeysById([keyId]);
  const unstored = accountId === null ? (keyThen ?? 'UNVERIFIED') : keyId === null ? 'VALID' : 'UNKNOWN';
  const key = stored === null ? { key: unstored, scopes: null, budget: null } : keyNow(stored, context);
  const caller = callerFor(context, accountId, key);
  const account = await loadCallerStanding(caller, engine.shelf, now);
  // A window of requests that was full is full until it ends.
  const rateLimitedUntil = refusals.find(({ reason }) => reason === 'RATE_LIMITED')?.resetAt ?? null;
  const standing: Standing = { ...standingOf(caller, account, now), rateLimitedUntil };
  const asked = refusals.map(({ coordinate, units }): FieldAsked => {
    const paid =
      coordinate === null || accountId === null ? undefined : engine.priced.requirements.paid.get(coordinate);
    return { requirement: paid ?? null, units: units ?? 1 };
  });
  const nows = findingsNow(asked, standing, now);
  return { nows, terms: remedyTermsOf({ accountId, keyId: stored?.id ?? null }, nows, standing, context) };
};

/** What was recorded, and what would come of the same fields now. */
export const diagnoseRefusal = async (
  context: Diagnosing,
  record: RefusalRecord,
): Promise<readonly DiagnosisSource[]> => {
  const { nows, terms } = await findRefusalNow(context, record);
  return record.refusals.flatMap((refusal, index) => {
    const finding = nows[index];
    if (finding === undefined) return [];
    const then = findingThen(record, refusal);
    return [{ coordinate: refusal.coordinate, path: null, ...resultsOf(then, finding, terms) }];
  });
};

type Terms = ReturnType<typeof remedyTermsOf>;

const resultsOf = (then: Finding | null, now: Finding, terms: Terms): Omit<DiagnosisSource, 'coordinate' | 'path'> => ({
  reasonThen: then === null ? null : reasonOf(then),
  reasonNow: reasonOf(now),
  checks: checksOf(then, now, terms),
  remedy: remedyFor(now, terms),
});

export interface DiagnoseRequest extends Omit<QuoteRequest, 'caller'> {
  readonly accountId: string;
  readonly keyId: string | null;
}

/** What would come of every paid field of an operation: those that would be refused, then the others. */
export const diagnoseOperation = async (
  context: AdminContext,
  { accountId: id, keyId, ...request }: DiagnoseRequest,
): Promise<readonly DiagnosisSource[]> => {
  const { engine, now } = context;
  const account = await loadAccount(engine, id);
  const key = keyId === null ? null : await loadApiKey(engine, keyId);
  if (key !== null && key.accountId !== account.id) {
    throw new OperatorError('BAD_USER_INPUT', 'This key speaks for another account.', 'keyId');
  }
  const held = key === null ? { key: 'VALID' as const, scopes: null, budget: null } : keyNow(key, context);
  const caller = callerFor(context, account.id, held);
  const [admission, known] = await Promise.all([
    admissionOf(engine, { ...request, caller }),
    loadCallerStanding(caller, engine.shelf, now),
  ]);
  if (admission === null) return [];
  const standing = standingOf(caller, known, now);
  const found = [...admission.refused, ...admission.granted].map((each) => {
    const decision: Decision = 'refusal' in each ? { outcome: 'refused', refusal: each.refusal } : each.decision;
    const { place } = each.quoted;
    const { coordinate } = place;
    const feature = place.paid?.feature ?? null;
    return { coordinate, path: keysOf(each.path), now: findingOf({ coordinate, feature }, decision, standing, now) };
  });
  const terms = remedyTermsOf(
    { accountId: account.id, keyId: key?.id ?? null },
    found.map((each) => each.now),
    standing,
    context,
  );
  return found.map(({ coordinate, path, now: finding }) => ({ coordinate, path, ...resultsOf(null, finding, terms) }));
};

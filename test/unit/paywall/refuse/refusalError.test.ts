import { GraphQLError, Kind, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { REASONS, REFUSAL_REASONS } from '../../../../src/domain/refusal.js';
import type { Refusal, RefusalReason } from '../../../../src/domain/refusal.js';
import { planId } from '../../../../src/domain/ids.js';
import { refusalError } from '../../../../src/paywall/refuse/refusalError.js';

const refusal = (reason: RefusalReason, changes: Partial<Refusal> = {}): Refusal => ({
  reason,
  coordinate: 'Query.city',
  feature: 'cities',
  required: 3,
  available: 1,
  plans: [planId('pro'), planId('team')],
  resetAt: Date.UTC(2026, 0, 2),
  retryable: false,
  ...changes,
});

const context = {
  refusalId: 'refusal-1',
  remedyUrl: (remedy: string) => `https://shop.example/${remedy}`,
  docsUrl: (cause: string) => `https://docs.example/${cause}`,
};

describe('the error of a refusal', () => {
  it.each(REFUSAL_REASONS)('%s has the shape that every refusal has, and a sentence of its own', (reason) => {
    const { remedy, code, cause } = REASONS[reason];
    const error = refusalError(refusal(reason), context);
    expect(error.extensions).toEqual({
      code,
      reason,
      remedy,
      remedyUrl: `https://shop.example/${remedy}`,
      docs: `https://docs.example/${cause}`,
      coordinate: 'Query.city',
      feature: 'cities',
      required: 3,
      available: 1,
      plans: ['pro', 'team'],
      resetAt: '2026-01-02T00:00:00.000Z',
      retryable: false,
      refusalId: 'refusal-1',
    });
    const others = REFUSAL_REASONS.filter((other) => other !== reason);
    expect(others.map((other) => refusalError(refusal(other), context).message)).not.toContain(error.message);
  });

  it.each([
    [
      'LIMIT_REACHED',
      "Query.city needs 3 units of the plan's limit, of which 1 are left; 2 more are held by operations under way: try again when they are done. It begins anew at 2026-01-02T00:00:00.000Z. Upgrade to a plan that covers it: pro, team.",
    ],
    [
      'KEY_BUDGET_REACHED',
      "Query.city costs 3 credits, and 1 are left of this API key's budget; 2 more are held by operations under way: try again when they are done. It begins anew at 2026-01-02T00:00:00.000Z. Ask whoever issued the key to raise it.",
    ],
  ] as const)('%s tells what is held from what is gone', (reason, message) => {
    expect(refusalError(refusal(reason, { held: 2 }), context).message).toBe(message);
    expect(refusalError(refusal(reason), context).message).toBe(
      message.replace('; 2 more are held by operations under way: try again when they are done', ''),
    );
  });

  it('says where in the operation and in the response it stands', () => {
    const document = parse('{ city { name } }');
    const [definition] = document.definitions;
    const nodes =
      definition?.kind === Kind.OPERATION_DEFINITION
        ? definition.selectionSet.selections.filter((node) => node.kind === Kind.FIELD)
        : [];
    const { locations, path } = refusalError(refusal('KEY_REQUIRED'), context, { nodes, path: ['city', 2] });
    expect({ locations, path }).toEqual({ locations: [{ line: 1, column: 3 }], path: ['city', 2] });
  });

  it('has no stack of ours, and leaves the stacks of others as they were', () => {
    const before = Error.stackTraceLimit;
    const error = refusalError(refusal('INSUFFICIENT_FUNDS'), context);
    expect(error).toBeInstanceOf(GraphQLError);
    expect(error.stack ?? '').not.toMatch(/^\s+at /m);
    expect(Error.stackTraceLimit).toBe(before);
  });
});

import { describe, expect, it } from 'vitest';
import { newestOf, publishedOf, stepPlan } from '../../../src/domain/stepPlan.js';
import type { PlanContent, PlanStep } from '../../../src/domain/stepPlan.js';
import { plan, PRO } from '../../support/domain.js';

const contentOf = (changes: Partial<PlanContent> = {}): PlanContent => {
  const { name, price, interval, features, creditsPerPeriod, trialDays, graceDays, requestsPerMinute } = plan(changes);
  return { name, price, interval, features, creditsPerPeriod, trialDays, graceDays, requestsPerMinute };
};
const draft = plan({ status: 'DRAFT' });
const active = plan({ version: 2, status: 'ACTIVE' });
const archived = plan({ version: 3, status: 'ARCHIVED' });
const DEAR = contentOf({ name: 'Dear' });

describe('the versions of a plan', () => {
  it('have a newest, and a newest that is or was on sale', () => {
    expect(newestOf([])).toBeNull();
    expect(newestOf([active, draft])).toBe(active);
    expect(publishedOf([draft])).toBeNull();
    expect(publishedOf([active, archived, { ...draft, version: 4 }])).toBe(archived);
  });

  it.each<[string, PlanStep, Parameters<typeof stepPlan>[0], object]>([
    ['a first draft', { kind: 'DRAFT', id: PRO, content: DEAR }, [], { version: 1, status: 'DRAFT', name: 'Dear' }],
    ['a draft of the next', { kind: 'DRAFT', id: PRO, content: DEAR }, [active], { version: 3, status: 'DRAFT' }],
    ['a draft changed', { kind: 'UPDATE_DRAFT', base: 1, content: DEAR }, [draft], { version: 2, status: 'DRAFT' }],
    ['a draft published', { kind: 'PUBLISH', base: 1 }, [draft], { ...draft, version: 2, status: 'ACTIVE' }],
    ['an edit', { kind: 'EDIT', base: 2, content: DEAR }, [draft, active], { version: 3, status: 'ACTIVE' }],
    ['back on sale', { kind: 'EDIT', base: 3, content: DEAR }, [active, archived], { version: 4, status: 'ACTIVE' }],
    ['archived', { kind: 'ARCHIVE', base: 2 }, [active], { ...active, version: 3, status: 'ARCHIVED' }],
    ['a draft dropped', { kind: 'ARCHIVE', base: 1 }, [draft], { ...draft, version: 2, status: 'ARCHIVED' }],
    [
      'a draft of the next dropped, as it was published',
      { kind: 'ARCHIVE', base: 3 },
      [active, { ...draft, version: 3, name: 'Other' }],
      { ...active, version: 4, status: 'ARCHIVED' },
    ],
  ])('go on: %s', (_name, step, versions, expected) => {
    expect(stepPlan(versions, step)).toMatchObject({ ok: true, plan: { id: PRO, ...expected } });
  });

  it.each<[string, PlanStep, Parameters<typeof stepPlan>[0], string]>([
    ['a second draft', { kind: 'DRAFT', id: PRO, content: DEAR }, [draft], 'DRAFT_OPEN'],
    ['no plan', { kind: 'PUBLISH', base: 1 }, [], 'UNKNOWN_PLAN'],
    ['a version that is not the newest', { kind: 'PUBLISH', base: 1 }, [draft, active], 'STALE'],
    ['nothing to change', { kind: 'UPDATE_DRAFT', base: 2, content: DEAR }, [active], 'NO_DRAFT'],
    ['nothing to publish', { kind: 'PUBLISH', base: 2 }, [active], 'NO_DRAFT'],
    ['an edit past a draft', { kind: 'EDIT', base: 1, content: DEAR }, [draft], 'DRAFT_OPEN'],
    ['archived twice', { kind: 'ARCHIVE', base: 3 }, [archived], 'ALREADY_ARCHIVED'],
  ])('do not: %s', (_name, step, versions, fault) => {
    expect(stepPlan(versions, step)).toEqual({ ok: false, fault });
  });

  it('say everything that is wrong with what they should become', () => {
    const stepped = stepPlan([], { kind: 'DRAFT', id: PRO, content: contentOf({ name: ' ', trialDays: -1 }) });
    expect(stepped).toMatchObject({
      ok: false,
      fault: 'UNSOUND',
      faults: [{ argument: 'name' }, { argument: 'trialDays' }],
    });
  });
});

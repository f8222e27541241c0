import { describe, expect, it } from 'vitest';
import { invariant, InvariantError, unreachable } from '../../../src/domain/invariant.js';

describe('an invariant', () => {
  it('says nothing as long as it holds', () => {
    expect(() => {
      invariant(true, 'nothing');
    }).not.toThrow();
  });

  it('says what is broken when it does not', () => {
    const broken = () => {
      invariant(false, 'one is two');
    };
    expect(broken).toThrow(InvariantError);
    expect(broken).toThrow('Tollgate has a bug: one is two');
  });

  it('names the case that no branch was written for', () => {
    const impossible: unknown = { kind: 'new' };
    expect(() => unreachable(impossible as never)).toThrow('Tollgate has a bug: no case for {"kind":"new"}');
    expect(new InvariantError('').name).toBe('InvariantError');
  });
});

import { GraphQLError, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DocumentCompiler } from '../../../../src/paywall/price/compiledOperation.js';
import type { CompiledOperation } from '../../../../src/paywall/price/compiledOperation.js';
import { readRequirements, typesAbovePaid } from '../../../../src/paywall/price/requirements.js';
import { schemaOf } from '../ready.js';

const schema = schemaOf(`
  type Query {
    free: Int
    a(first: Int! = 1): Int @requiresPayment(cost: 1, multipliers: ["first"])
    b: Int @requiresPayment(cost: 1)
  }
`);

const compiler = (): DocumentCompiler => {
  const requirements = readRequirements(schema);
  return new DocumentCompiler({ schema, requirements, abovePaid: typesAbovePaid(schema, requirements) }, 10_000);
};

const compile = (operation: string): CompiledOperation => {
  const compiled = compiler().compile(parse(operation), null);
  if (compiled === null) throw new Error('There is no such operation.');
  return compiled;
};

/** What is quoted for these variables, as `responseKey × units`. */
const quoted = (operation: CompiledOperation, variables: Readonly<Record<string, unknown>>): readonly string[] => {
  const quote = operation.quote(variables);
  if (quote instanceof GraphQLError) throw quote;
  return (quote?.root.fields ?? []).map(({ place, units }) => `${place.responseKey} × ${units}`);
};

describe('a document', () => {
  it('is compiled once, for each of its operations', () => {
    const [compiles, document] = [compiler(), parse('query A { a } query B { b }')];
    const [a, b] = [compiles.compile(document, 'A'), compiles.compile(document, 'B')];
    expect(compiles.compile(document, 'A')).toBe(a);
    expect([a?.name, b?.name]).toEqual(['A', 'B']);
    expect(a && quoted(a, {})).toEqual(['a × 1']);
    expect(b && quoted(b, {})).toEqual(['b × 1']);
  });

  it('has no operation for a name that it does not have, nor for none where it has several', () => {
    const [compiles, document] = [compiler(), parse('query A { a } query B { b }')];
    for (const name of [null, '', 'C', '__proto__']) expect(compiles.compile(document, name)).toBeNull();
    expect(compiles.compile(parse('query A { a }'), 'B')).toBeNull();
  });

  it('whose price no variable changes is quoted once', () => {
    const operation = compile('query ($first: Int) { a b free @skip(if: false) }');
    expect(operation.quote({ first: 1 })).toBe(operation.quote({ first: 2 }));
  });

  it('with a condition that is null is quoted for what resolves then, whatever was asked before', () => {
    const nested = schemaOf(`
      type Query { free: Int g: G }
      type G { b: Int @requiresPayment(cost: 1) c: Int @requiresPayment(cost: 1) }
    `);
    const requirements = readRequirements(nested);
    const abovePaid = typesAbovePaid(nested, requirements);
    const compiles = new DocumentCompiler({ schema: nested, requirements, abovePaid }, 10_000);
    const operation = compiles.compile(parse('query ($v: Boolean = true) { free g { c b @include(if: $v) } }'), null);
    const beneathG = (v: boolean | null): readonly string[] => {
      const quote = operation?.quote({ v });
      if (quote instanceof GraphQLError) throw quote;
      const beneath = quote?.root.fields.flatMap((field) => field.beneath.flatMap(({ fields }) => fields)) ?? [];
      return beneath.map(({ place }) => place.responseKey);
    };
    expect([null, false, null, true, null].map(beneathG)).toEqual([[], ['c'], [], ['c', 'b'], []]);
  });

  it('whose price a variable changes is quoted anew for each request', () => {
    const operation = compile('query ($first: Int!) { a(first: $first) b }');
    expect(quoted(operation, { first: 3 })).toEqual(['a × 3', 'b × 1']);
    expect(quoted(operation, { first: 5 })).toEqual(['a × 5', 'b × 1']);
    expect(quoted(operation, { first: 3 })).toEqual(['a × 3', 'b × 1']);
  });
});

describe('conditions', () => {
  it('are answered for each request, by variables, their defaults, and in fragments', () => {
    const operation = compile(`
      query ($a: Boolean!, $b: Boolean = true) { ...F b @skip(if: $b) free }
      fragment F on Query { a @include(if: $a) }
    `);
    expect(quoted(operation, { a: true })).toEqual(['a × 1']);
    expect(quoted(operation, { a: false, b: false })).toEqual(['b × 1']);
    expect(quoted(operation, { a: true, b: false })).toEqual(['a × 1', 'b × 1']);
    expect(operation.quote({ a: false })).toBeNull();
  });

  it('in whatever number and order they come are each answered right: what is remembered of them is bounded', () => {
    const names = Array.from({ length: 8 }, (_, n) => `v${n}`);
    const declarations = names.map((name) => `$${name}: Boolean!`).join(' ');
    const fields = names.map((name) => `${name}: b @include(if: $${name})`).join(' ');
    const operation = compile(`query (${declarations}) { free ${fields} }`);
    for (let round = 0; round < 512; round += 1) {
      const answers = Object.fromEntries(names.map((name, bit) => [name, ((round * 37) & (1 << bit)) !== 0]));
      const expected = names.filter((name) => answers[name]).map((name) => `${name} × 1`);
      expect(quoted(operation, answers)).toEqual(expected);
    }
  });
});

describe('variables', () => {
  it.each<readonly [string, object | null]>([
    ['missing', {}],
    ['null', { first: null }],
    ['of another type', { first: 'x' }],
    ['none at all', null],
  ])('%s where one is needed: nothing is quoted, and the executor says why', (_what, variables) => {
    expect(compile('query ($first: Int!) { a(first: $first) }').quote(variables as never)).toBeNull();
  });

  it('named like something of Object.prototype mean nothing', () => {
    expect(quoted(compile('query ($constructor: Boolean = false) { a b @include(if: $constructor) }'), {})).toEqual([
      'a × 1',
    ]);
  });
});

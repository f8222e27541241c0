/**
 * Made-up operations on made-up schemas, by Tollgate and by a plain model of it: the same nulls, the same errors, the
 * same charges. `TOLLGATE_SEED` repeats one run, `TOLLGATE_RUNS` makes more of them.
 */
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Dice, FEATURES, makeWorld } from './generatedWorld.js';
import type { Traits, World } from './generatedWorld.js';
import { makeOperation } from './generatedOperation.js';
import type { GeneratedOperation } from './generatedOperation.js';
import { expectSound } from './invariants.js';
import { predict } from './plainTollgate.js';
import type { Account, Complaint, Prediction, Rules } from './plainTollgate.js';
import { startTollgate } from './tollgateUnderTest.js';
import type { Body, Outcome, TollgateUnderTest } from './tollgateUnderTest.js';

const OPERATIONS_PER_SCHEMA = 10;
const RUNS = Number(process.env['TOLLGATE_RUNS'] ?? 2_000);
const SEED = process.env['TOLLGATE_SEED'];
/** One schema in so many is asked over HTTP. */
const HTTP_EVERY = 10;

type Means = 'SOME' | 'ENOUGH';

/** Which of GraphQL's liberties a schema takes, and whether the model foresees all that comes of them. */
interface Kind {
  readonly name: string;
  readonly traits: Traits;
  readonly means: Means;
  readonly isForeseen: boolean;
}

const NONE: Traits = {
  isNonNull: false,
  hasAbstract: false,
  isLonger: false,
  isAsync: false,
  isPaidNullable: false,
  isAllForSale: false,
};

const LONGER = { name: 'lists longer than quoted', traits: { ...NONE, isLonger: true } };
const NON_NULL = { name: 'non-null chains', traits: { ...NONE, isNonNull: true, isPaidNullable: true } };

const KINDS: readonly Kind[] = [
  { ...LONGER, means: 'SOME', isForeseen: true },
  { ...NON_NULL, means: 'SOME', isForeseen: true },
  { ...LONGER, means: 'SOME', isForeseen: true },
  // Against the lint: what is asked for again and refused late takes its parents with it, and which errors of their other
  // fields are told is a matter of turns.
  { name: 'paid fields that are non-null', traits: { ...NONE, isNonNull: true }, means: 'SOME', isForeseen: false },
  {
    name: 'abstract types, with means enough',
    traits: { ...NONE, hasAbstract: true, isNonNull: true, isAllForSale: true },
    means: 'ENOUGH',
    isForeseen: true,
  },
  // Which items beneath an abstract type are refused depends on what the dearest type would have cost.
  { name: 'abstract types', traits: { ...NONE, hasAbstract: true, isLonger: true }, means: 'SOME', isForeseen: false },
  // An error that makes a list null leaves its other items behind, some of which still wait.
  {
    name: 'abstract types and non-null chains',
    traits: { ...NONE, hasAbstract: true, isLonger: true, isNonNull: true, isPaidNullable: true },
    means: 'SOME',
    isForeseen: false,
  },
  // With resolvers that take their time the order of items is that in which they are done. Without non-null chains:
  // graphql-js 16 leaves the rejections of items unhandled that an error in another item has made null.
  {
    name: 'resolvers that take their time',
    traits: { ...NONE, hasAbstract: true, isLonger: true, isAsync: true },
    means: 'SOME',
    isForeseen: false,
  },
];

const accountFor = (dice: Dice, means: Means): Account => {
  if (means === 'ENOUGH') return { credits: 1e15, plan: dice.chance(0.5) ? null : FEATURES.map(unlimited) };
  const credits = dice.chance(0.2) ? 0 : dice.upTo(dice.pick([4, 20, 100]));
  if (dice.chance(0.4)) return { credits, plan: null };
  const plan = FEATURES.filter(() => dice.chance(0.6)).map((feature) => ({
    feature,
    limit: dice.chance(0.3) ? null : dice.upTo(8),
    whenExhausted: dice.chance(0.5) ? ('CREDITS' as const) : ('REFUSE' as const),
  }));
  return { credits, plan };
};

const unlimited = (feature: string) => ({ feature, limit: null, whenExhausted: 'REFUSE' as const });

const rulesFor = (dice: Dice, { traits }: Kind): Rules => ({
  isReject: dice.chance(0.15),
  // The model does not count what can be beneath abstract types.
  maxPositions: traits.hasAbstract ? Number.MAX_SAFE_INTEGER : dice.pick([40, 2_000, 2_000]),
});

const complaintsIn = ({ errors = [] }: Body): readonly Complaint[] =>
  errors.map(({ path = null, extensions }) => {
    const reason = extensions?.reason ?? null;
    return { path, reason, coordinate: reason === null ? null : (extensions?.coordinate ?? null) };
  });

const inOrder = (complaints: readonly Complaint[]): readonly string[] =>
  complaints.map((complaint) => JSON.stringify(complaint)).sort();

/** The same in the words of the model. */
const seenAs = ({ body, available, used }: Outcome): Prediction => {
  if (body.data === undefined) {
    return body.errors?.every(({ extensions }) => extensions?.code === 'BAD_USER_INPUT')
      ? { kind: 'TOO_LARGE' }
      : { kind: 'BLOCKED', complaints: complaintsIn(body) };
  }
  const charged = body.extensions?.payment?.charged ?? 0;
  return { kind: 'SERVED', data: body.data, complaints: complaintsIn(body), charged, credits: available, used };
};

const comparable = (prediction: Prediction): unknown =>
  prediction.kind === 'SERVED' ? { ...prediction, complaints: inOrder(prediction.complaints) } : prediction;

const runSchema = async (seed: number, report: (what: string) => void): Promise<void> => {
  const kind = KINDS[seed % KINDS.length];
  if (kind === undefined) throw new Error('No kind.');
  const dice = new Dice(seed);
  const world = makeWorld(seed, kind.traits);
  const rules = rulesFor(dice, kind);
  const tollgate = await startTollgate(world, rules);
  try {
    for (let count = 0; count < OPERATIONS_PER_SCHEMA; count += 1) {
      const operation = makeOperation(world, dice);
      const account = accountFor(dice, kind.means);
      expect(validate(world.schema, parse(operation.document))).toEqual([]);
      await runOperation(
        { kind, world, rules, tollgate, isOverHttp: seed % HTTP_EVERY === 0 },
        operation,
        account,
      ).then(report, (error: unknown) => {
        throw new Error(replay(seed, kind, operation, account, rules), { cause: error });
      });
    }
  } finally {
    await tollgate.close();
  }
};

interface Setting {
  readonly kind: Kind;
  readonly world: World;
  readonly rules: Rules;
  readonly tollgate: TollgateUnderTest;
  readonly isOverHttp: boolean;
}

const runOperation = async (
  { kind, world, rules, tollgate, isOverHttp }: Setting,
  operation: GeneratedOperation,
  account: Account,
): Promise<string> => {
  const outcome = await tollgate.run(account, { ...operation, isOverHttp });
  expectSound(world, account, operation, outcome);
  const seen = seenAs(outcome);
  if (kind.isForeseen) {
    expect(comparable(seen)).toEqual(comparable(predict({ world, ...operation, account, rules })));
  }
  return seen.kind === 'SERVED' && seen.complaints.length > 0 ? 'SERVED_IN_PART' : seen.kind;
};

const replay = (seed: number, { name }: Kind, operation: GeneratedOperation, account: Account, rules: Rules): string =>
  `${name}; repeat it with TOLLGATE_SEED=${seed} npx vitest run test/model/randomOperations\n${operation.document}\n${JSON.stringify({ ...operation, document: undefined, account, rules })}`;

describe('made-up operations on made-up schemas', () => {
  const seeds =
    SEED === undefined ? Array.from({ length: Math.ceil(RUNS / OPERATIONS_PER_SCHEMA) }, (_, n) => n) : [Number(SEED)];

  it(
    `come to what the plain model says (${seeds.length * OPERATIONS_PER_SCHEMA} runs)`,
    { timeout: 300 * RUNS + 60_000 },
    async () => {
      const counts = new Map<string, number>();
      const report = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
      for (const seed of seeds) await runSchema(seed, report);
      // Runs that never come to a refusal, or only to refusals, would show little.
      if (SEED === undefined)
        expect(
          Math.min(...['SERVED', 'SERVED_IN_PART', 'BLOCKED', 'TOO_LARGE'].map((each) => counts.get(each) ?? 0)),
        ).toBeGreaterThan(RUNS / 200);
    },
  );
});

/** A valid operation on a made-up schema, with whatever GraphQL allows: aliases, fragments, conditions, variables. */
import type { Dice, Field, World } from './generatedWorld.js';

export interface GeneratedOperation {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const DEPTH_MAX = 3;

export const makeOperation = (world: World, dice: Dice): GeneratedOperation => {
  const maker = new OperationMaker(world, dice);
  return maker.make(dice.chance(0.2) ? 'Mutation' : 'Query');
};

class OperationMaker {
  readonly #variables = new Map<string, { readonly declaration: string; readonly value: unknown }>();
  readonly #fragments = new Map<string, { readonly on: string; readonly text: string }>();
  #aliases = 0;

  constructor(
    private readonly world: World,
    private readonly dice: Dice,
  ) {}

  make(root: 'Query' | 'Mutation'): GeneratedOperation {
    const selection = this.#selectionOf(root, 0);
    const declarations = [...this.#variables.values()].map(({ declaration }) => declaration);
    const head = `${root.toLowerCase()} Generated${declarations.length === 0 ? '' : `(${declarations.join(', ')})`}`;
    const fragments = [...this.#fragments].map(([name, { on, text }]) => `fragment ${name} on ${on} ${text}`);
    const given = [...this.#variables].filter(([, { value }]) => value !== undefined);
    return {
      document: [`${head} ${selection}`, ...fragments].join('\n'),
      variables: Object.fromEntries(given.map(([name, { value }]) => [name, value])),
    };
  }

  #selectionOf(type: string, depth: number): string {
    const parts: string[] = [];
    for (let count = 1 + this.dice.upTo(4); count > 0; count -= 1) {
      const last = parts.at(-1);
      // The same selection once more merges with the first.
      parts.push(last !== undefined && this.dice.chance(0.08) ? last : this.#selection(type, depth));
    }
    return `{ ${parts.join(' ')} }`;
  }

  #selection(type: string, depth: number): string {
    const { dice } = this;
    if (dice.chance(0.05)) return '__typename';
    const fields = this.#fieldsOf(type);
    if (fields.length === 0 || dice.chance(0.2)) return this.#fragmentOn(type, depth);
    return this.#field(dice.pick(fields), depth);
  }

  #fieldsOf(type: string): readonly Field[] {
    return this.world.objects.get(type) ?? this.world.shared.get(type) ?? [];
  }

  #field(field: Field, depth: number): string {
    const name = `${this.dice.chance(0.8) ? `x${(this.#aliases += 1)}: ` : `y${(this.#aliases += 1)}: `}${field.name}`;
    const beneath = depth < DEPTH_MAX ? this.#selectionOf.bind(this) : () => '{ __typename }';
    const selection = field.of === 'Int' ? '' : beneath(field.of, depth + 1);
    return `${name}${this.#argumentsOf(field)}${this.#condition()} ${selection}`;
  }

  #argumentsOf({ first }: Field): string {
    const { dice } = this;
    if (first === null || dice.chance(0.3)) return '';
    if (dice.chance(0.5)) return `(first: ${dice.upTo(4)})`;
    const name = `n${dice.upTo(3)}`;
    this.#declare(name, 'Int!', dice.upTo(4), dice.upTo(4));
    return `(first: $${name})`;
  }

  #condition(): string {
    const { dice } = this;
    if (!dice.chance(0.15)) return '';
    const directive = dice.pick(['skip', 'include']);
    if (dice.chance(0.4)) return ` @${directive}(if: ${String(dice.chance(0.5))})`;
    const name = `b${dice.upTo(3)}`;
    this.#declare(name, 'Boolean!', dice.chance(0.5), dice.chance(0.5));
    return ` @${directive}(if: $${name})`;
  }

  /** With a default, without, and with a default that the request makes use of. */
  #declare(name: string, type: string, value: unknown, fallback: unknown): void {
    if (this.#variables.has(name)) return;
    const hasDefault = this.dice.chance(0.5);
    const isGiven = !hasDefault || this.dice.chance(0.5);
    const declaration = `$${name}: ${type}${hasDefault ? ` = ${String(fallback)}` : ''}`;
    this.#variables.set(name, { declaration, value: isGiven ? value : undefined });
  }

  #fragmentOn(type: string, depth: number): string {
    const { dice } = this;
    const known = [...this.#fragments].filter(([, { on }]) => on === type);
    if (known.length > 0 && dice.chance(0.3)) return `...${dice.pick(known)[0]}${this.#condition()}`;
    const on = dice.pick(this.#typesWithin(type));
    const text = depth < DEPTH_MAX ? this.#selectionOf(on, depth + 1) : '{ __typename }';
    if (dice.chance(0.5)) {
      const condition = on === type && dice.chance(0.5) ? '' : ` on ${on}`;
      return `...${condition}${this.#condition()} ${text}`;
    }
    const name = `F${this.#fragments.size}`;
    this.#fragments.set(name, { on, text });
    return `...${name}${this.#condition()}`;
  }

  /** The types on which a fragment can be spread where this type is. */
  #typesWithin(type: string): readonly string[] {
    const { abstract } = this.world;
    const own = abstract.get(type);
    if (own !== undefined) return [type, ...own];
    return [type, ...[...abstract].filter(([, types]) => types.includes(type)).map(([name]) => name)];
  }
}

/**
 * Holds what is sent to Stripe, and what a double of it answers, against the typings of the SDK that is installed: an
 * unknown, removed or mistyped parameter fails a test here instead of a payment there. The types call every list of
 * values open (`OtherString`); here nothing but the values that they name counts. What is not typed is not known: which
 * values exist, and which parameters exclude each other.
 */
import { resolve } from 'node:path';
import ts from 'typescript';

const TYPES = resolve(import.meta.dirname, 'checkedTypes.ts');

/** `FORM`: everything is text, as in the body of a request. */
type Wire = 'FORM' | 'JSON';

interface Fault {
  readonly path: string;
  readonly text: string;
}

export class StripeTypings {
  readonly #checker: ts.TypeChecker;
  readonly #types = new Map<string, ts.Type>();

  constructor() {
    const options: ts.CompilerOptions = {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      strict: true,
      skipLibCheck: true,
      types: [],
    };
    const program = ts.createProgram([TYPES], options);
    this.#checker = program.getTypeChecker();
    program.getSourceFile(TYPES)?.forEachChild((node) => {
      if (ts.isTypeAliasDeclaration(node)) this.#types.set(node.name.text, this.#checker.getTypeAtLocation(node));
    });
  }

  /** What is wrong, in words; `null`: nothing is. Throws for a name that checkedTypes.ts does not have. */
  faultOf(name: string, value: unknown, wire: Wire = 'JSON'): string | null {
    const fault = this.#check(value, this.#typeOf(name), { path: name, wire });
    return fault === null ? null : `${fault.path} ${fault.text}`;
  }

  #typeOf(name: string): ts.Type {
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`checkedTypes.ts has no type ${name}. Add it.`);
    return type;
  }

  #check(value: unknown, type: ts.Type, at: { readonly path: string; readonly wire: Wire }): Fault | null {
    if (type.isUnion()) return this.#checkUnion(value, type.types, at);
    const { flags } = type;
    const fits = (does: boolean): Fault | null =>
      does ? null : { path: at.path, text: `is ${JSON.stringify(value)}, not ${this.#checker.typeToString(type)}` };
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return null;
    if (type.isStringLiteral()) return fits(value === type.value);
    if (flags & ts.TypeFlags.BooleanLiteral) {
      const wanted = this.#checker.typeToString(type);
      return fits(value === (at.wire === 'FORM' ? wanted : wanted === 'true'));
    }
    if (flags & ts.TypeFlags.String) return fits(typeof value === 'string');
    if (flags & ts.TypeFlags.Number) return fits(isNumber(value, at.wire));
    if (flags & ts.TypeFlags.Null) return fits(value === null);
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return fits(value === undefined);
    // `string & {}`, whatever else there may be, fits nothing; a `Decimal` is sent as text.
    if (type.isIntersection()) {
      return fits(typeof value === 'string' && type.types.some((part) => part.getSymbol()?.name === 'DecimalImpl'));
    }
    if (typeof value !== 'object' || value === null) return fits(false);
    return this.#checkObject(value, type, at);
  }

  /** Of several types the one that fits best says what is wrong. */
  #checkUnion(value: unknown, types: readonly ts.Type[], at: { path: string; wire: Wire }): Fault | null {
    const faults: Fault[] = [];
    for (const type of types) {
      const fault = this.#check(value, type, at);
      if (fault === null) return null;
      faults.push(fault);
    }
    const deepest = faults.toSorted((a, b) => b.path.length - a.path.length)[0];
    if (deepest !== undefined && deepest.path !== at.path) return deepest;
    return { path: at.path, text: `is ${JSON.stringify(value)}, which is none of ${types.length} types` };
  }

  #checkObject(value: object, type: ts.Type, { path, wire }: { path: string; wire: Wire }): Fault | null {
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type as ts.TypeReference);
      if (!Array.isArray(value) || item === undefined) return { path, text: 'is no list' };
      return firstOf(value, (each, index) => this.#check(each, item, { path: `${path}.${index}`, wire }));
    }
    const index = type.getStringIndexType();
    const fault = firstOf(Object.entries(value), ([name, inner]) => {
      const property = type.getProperty(name);
      const inside = { path: `${path}.${name}`, wire };
      if (property !== undefined) return this.#check(inner, this.#checker.getTypeOfSymbol(property), inside);
      return index === undefined ? { ...inside, text: 'is unknown' } : this.#check(inner, index, inside);
    });
    if (fault !== null) return fault;
    const missing = type
      .getProperties()
      .find(({ flags, name }) => !(flags & ts.SymbolFlags.Optional) && !(name in value));
    return missing === undefined ? null : { path: `${path}.${missing.name}`, text: 'is missing' };
  }
}

const isNumber = (value: unknown, wire: Wire): boolean =>
  wire === 'FORM' ? typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) : typeof value === 'number';

const firstOf = <Item>(items: readonly Item[], check: (item: Item, index: number) => Fault | null): Fault | null => {
  for (const [index, item] of items.entries()) {
    const fault = check(item, index);
    if (fault !== null) return fault;
  }
  return null;
};

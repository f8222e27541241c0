/** One page of a list of countries, as in the Relay specification of connections, forward only. */
import type { CountryRecord } from './loadAtlas.js';
import { checkWithin } from './atlasArguments.js';
import { badUserInput } from './badUserInput.js';

const PAGE_SIZE_MAX = 250;

export interface CountryPage {
  readonly edges: readonly { readonly cursor: string; readonly node: CountryRecord }[];
  readonly nodes: readonly CountryRecord[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

/** Expects the countries in the order of their codes. A cursor holds a code, so it stays good when countries are added. */
export function pageOfCountries(countries: readonly CountryRecord[], first: number, after: string | null): CountryPage {
  checkWithin('first', first, 0, PAGE_SIZE_MAX);
  const start = after === null ? 0 : countPassed(countries, codeOf(after));
  const nodes = countries.slice(start, start + first);
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: start + nodes.length < countries.length,
      hasPreviousPage: start > 0,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: countries.length,
  };
}

function countPassed(countries: readonly CountryRecord[], code: string): number {
  const next = countries.findIndex((country) => country.code > code);
  return next === -1 ? countries.length : next;
}

function cursorOf(country: CountryRecord): string {
  return Buffer.from(`country:${country.code}`).toString('base64url');
}

function codeOf(cursor: string): string {
  const code = /^country:([A-Z]{2})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (code === undefined) throw badUserInput('after', '"after" must be a cursor from an earlier answer.');
  return code;
}

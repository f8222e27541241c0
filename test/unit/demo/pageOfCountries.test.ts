import { describe, expect, it } from 'vitest';
import { loadAtlas } from '../../../src/demo/loadAtlas.js';
import { countriesOf } from '../../../src/demo/atlasArguments.js';
import { pageOfCountries } from '../../../src/demo/pageOfCountries.js';
import { badInput } from './badInput.js';

const { countries } = loadAtlas();

describe('pages of countries', () => {
  it('hold every country once, whatever their size', () => {
    for (const first of [1, 7, 125, 249, 250]) {
      const codes: string[] = [];
      let after: string | null = null;
      for (let more = true; more;) {
        const { nodes, pageInfo } = pageOfCountries(countries, first, after);
        codes.push(...nodes.map((country) => country.code));
        more = pageInfo.hasNextPage;
        after = pageInfo.endCursor;
      }
      expect(codes).toEqual(countries.map((country) => country.code));
    }
  });

  it('are Relay connections', () => {
    const europe = countriesOf(loadAtlas(), 'europe');
    const { pageInfo: before } = pageOfCountries(europe, 2, null);
    const page = pageOfCountries(europe, 2, before.endCursor);
    expect(before).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(page.nodes.map((country) => country.code)).toEqual(['AT', 'AX']);
    expect(page).toEqual({
      edges: page.nodes.map((node) => ({ cursor: expect.any(String), node })),
      nodes: page.nodes,
      pageInfo: {
        hasNextPage: true,
        hasPreviousPage: true,
        startCursor: page.edges[0]?.cursor,
        endCursor: page.edges[1]?.cursor,
      },
      totalCount: europe.length,
    });
  });

  it('may be empty', () => {
    const nothing = { hasPreviousPage: false, startCursor: null, endCursor: null };
    expect(pageOfCountries(countries, 0, null).pageInfo).toEqual({ ...nothing, hasNextPage: true });
    const { endCursor } = pageOfCountries(countries, 250, null).pageInfo;
    expect(pageOfCountries(countries, 5, endCursor)).toMatchObject({ nodes: [], pageInfo: { hasPreviousPage: true } });
  });

  it('go on after a cursor whose country has left the list', () => {
    const { endCursor } = pageOfCountries(countries, 3, null).pageInfo;
    const fewer = countries.filter((_country, position) => position !== 2);
    expect(pageOfCountries(fewer, 1, endCursor).nodes).toEqual([countries[3]]);
  });

  it.each(['', 'AT', 'nonsense', Buffer.from('country:AUT').toString('base64url')])(
    'refuse the cursor "%s"',
    (after) => {
      expect(badInput(() => pageOfCountries(countries, 1, after))).toEqual({
        argument: 'after',
        message: '"after" must be a cursor from an earlier answer.',
      });
    },
  );

  it.each([-1, 251])('refuse %d countries at once', (first) => {
    expect(badInput(() => pageOfCountries(countries, first, null))).toEqual({
      argument: 'first',
      message: `"first" must be from 0 to 250, and is ${first}.`,
    });
  });
});

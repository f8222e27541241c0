/** Requests that are malformed or meant to hurt, of every kind, made by a seeded random number generator. */

/** Sent by a client that knows HTTP. */
export interface HostileRequest {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Sent as it is, byte by byte, by one that does not. `slow`: its body never ends. */
export interface HostileBytes {
  readonly kind: string;
  readonly bytes: string;
  readonly isSlow: boolean;
}

type Random = () => number;

const JSON_TYPE = { 'content-type': 'application/json' };
const PATHS = ['/graphql', '/graphql', '/graphql', '/admin/graphql', '/graphql/stream'];
const KEYS = ['demo-payg', 'demo-pro', 'demo-free', 'demo-owner'];

const pick = <T>(random: Random, items: readonly [T, ...T[]]): T =>
  items[Math.floor(random() * items.length)] ?? items[0];
const upTo = (random: Random, max: number): number => 1 + Math.floor(random() * max);
const text = (random: Random, length: number): string =>
  Array.from({ length }, () => String.fromCharCode(32 + Math.floor(random() * 95))).join('');
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, n) => make(n)).join(' ');

const post = (
  random: Random,
  kind: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): HostileRequest => ({
  kind,
  method: 'POST',
  path: pick(random, PATHS as [string, ...string[]]),
  headers: {
    ...JSON_TYPE,
    ...(random() < 0.7 ? { authorization: `Bearer ${pick(random, KEYS as [string, ...string[]])}` } : {}),
    ...headers,
  },
  body,
});
const document = (random: Random, kind: string, query: string, variables: unknown = {}): HostileRequest =>
  post(random, kind, JSON.stringify({ query, variables }));

const KINDS: readonly ((random: Random) => HostileRequest)[] = [
  (random) => {
    const sound = JSON.stringify({ query: '{ country(code: "AT") { name } }', variables: { a: [1, { b: null }] } });
    const body = pick<string | Buffer>(random, [
      sound.slice(0, upTo(random, sound.length - 1)),
      `${sound}${text(random, 5)}`,
      text(random, upTo(random, 300)),
      Buffer.from(Array.from({ length: upTo(random, 300) }, () => Math.floor(random() * 256))),
      '',
      'null',
      '[]',
      '"{ __typename }"',
      '1e999',
      `{"query":"{ __typename }","__proto__":{"a":1}}`,
      `{"query":"{ __typename }","constructor":{"prototype":{"a":1}}}`,
      `{"query":{"a":1}}`,
      `{"query":["{ __typename }"],"operationName":7,"variables":"x","extensions":[]}`,
      JSON.stringify(Array.from({ length: upTo(random, 500) }, () => ({ query: '{ __typename }' }))),
    ]);
    return post(random, 'bad JSON', body);
  },
  (random) => {
    const depth = upTo(random, 4_000);
    const query = pick(random, [
      `{ country(code: "AT") { ${'borders { '.repeat(depth)} name ${'} '.repeat(depth)} } }`,
      `{ ${'... { '.repeat(depth)} __typename ${'} '.repeat(depth)} }`,
      `{ country(code: ${'['.repeat(depth)}"AT"${']'.repeat(depth)}) { name } }`,
      `{ country(code: ${'{a: '.repeat(depth)}"AT"${'}'.repeat(depth)}) { name } }`,
      `{ __schema { types { ${'ofType { '.repeat(depth)} name ${'} '.repeat(depth)} } } }`,
      `query ($a: ${'['.repeat(depth)}Int${']'.repeat(depth)}) { __typename }`,
    ]);
    return document(random, 'deep document', query);
  },
  (random) => {
    const width = upTo(random, 3_000);
    const query = pick(random, [
      `{ ${'__typename '.repeat(width)} }`,
      `{ ${many(width, (n) => `country(code: "${n}") { name }`)} }`,
      `{ ${many(width, () => 'country(code: "AT") { name borders { name } }')} }`,
      `{ countries(first: 100) { nodes { ${'borders { borders { borders { '.repeat(3)} name ${'} } } '.repeat(3)} } } }`,
      many(width, (n) => `query Q${n} { __typename }`),
    ]);
    return document(random, 'wide document', query);
  },
  (random) => {
    const count = upTo(random, 200);
    const query = pick(random, [
      `{ ...f0 } ${many(count, (n) => `fragment f${n} on Query { ...f${(n + 1) % count} ...f${(n * 7) % count} }`)}`,
      `{ country(code: "AT") { ...f0 } } ${many(count, (n) => `fragment f${n} on Country { borders { ...f${(n + 1) % count} } borders { ...f${(n + 2) % count} } }`)}`,
      `{ country(code: "AT") { ...f0 } } ${many(count, (n) => `fragment f${n} on Country { ${n + 1 < count ? `...f${n + 1} borders { ...f${n + 1} }` : 'name'} }`)}`,
      `{ ${many(count, (n) => `...f${n}`)} } ${many(count, (n) => `fragment f${n} on Query { country(code: "AT") { name } country(code: "AT") { name } }`)}`,
    ]);
    return document(random, 'fragments', query);
  },
  (random) => {
    const query = `{ ${many(upTo(random, 1_500), (n) => `a${n}: nearest(lat: 1, lon: 1, first: 10) { name }`)} }`;
    return document(random, 'alias flood', query);
  },
  (random) => document(random, 'directive flood', `{ __typename ${'@skip(if: false) '.repeat(upTo(random, 1_500))} }`),
  (random) => {
    const size = upTo(random, 100_000);
    const variables = pick<unknown>(random, [
      { code: 'x'.repeat(size) },
      { code: Array.from({ length: size / 10 }, (_, n) => n) },
      Object.fromEntries(Array.from({ length: size / 20 }, (_, n) => [`v${n}`, n])),
    ]);
    return document(random, 'huge variables', 'query ($code: ID!) { country(code: $code) { name } }', variables);
  },
  (random) => {
    const depth = upTo(random, 40_000);
    const open = pick(random, ['[', '{"a":']);
    const nested = `${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}`;
    return post(random, 'deep variables', `{"query":"{ __typename }","variables":{"a":${nested}}}`);
  },
  (random) =>
    post(random, 'body too large', JSON.stringify({ query: '{ __typename }', variables: { a: 'x'.repeat(300_000) } })),
  (random) => {
    const wrong = pick<unknown>(random, [null, -1, 1.5, 1e308, '', 'NaN', {}, [], [[]], true, { lat: 1 }, 2 ** 53]);
    const query =
      'query ($lat: Float!, $lon: Float!, $first: Int!) { nearest(lat: $lat, lon: $lon, first: $first) { name } }';
    const name = pick(random, ['lat', 'lon', 'first']);
    return document(random, 'wrong types', query, { lat: 48, lon: 16, first: 1, [name]: wrong });
  },
  (random) => {
    const surrogate = pick(random, ['\\ud800', '\\udfff', 'x\\udc00\\ud800y']);
    const body = pick(random, [
      `{"query":"query ($c: ID!) { country(code: $c) { name } }","variables":{"c":"${surrogate}"}}`,
      `{"query":"{ __typename }","variables":{"${surrogate}":1}}`,
      `{"query":"{ country(code: \\"${surrogate}\\") { name } }"}`,
      `{"query":"{ __typename }","operationName":"${surrogate}"}`,
      `{"query":"{ __typename }","extensions":{"idempotencyKey":"${surrogate}"}}`,
    ]);
    return post(random, 'lone surrogates', body);
  },
  (random) => {
    const key = pick(random, [
      text(random, 40).replaceAll(' ', ''),
      'x'.repeat(upTo(random, 8_000)),
      'demo-payg ',
      '$ne',
    ]);
    return post(random, 'unknown key', JSON.stringify({ query: '{ __typename }' }), { authorization: `Bearer ${key}` });
  },
  (random) => {
    const headers = pick<Readonly<Record<string, string>>>(random, [
      { 'content-type': text(random, 30) },
      { 'content-type': 'application/json; charset=utf-7' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'text/plain' },
      { accept: text(random, 200) },
      { accept: 'text/event-stream' },
      { authorization: text(random, 50) },
      { 'idempotency-key': text(random, 300) },
      { 'idempotency-key': '"unterminated' },
      {
        'x-forwarded-for': text(random, 50),
        'x-forwarded-proto': text(random, 5),
        'x-forwarded-host': text(random, 20),
      },
      { origin: text(random, 30), 'access-control-request-method': 'POST' },
      { 'content-encoding': 'gzip' },
      { expect: '100-continue' },
      { host: pick(random, ['', '[', 'a b', '//', 'x'.repeat(300), '%00', 'a:99999']) },
      { 'apollo-require-preflight': text(random, 10), cookie: text(random, 2_000) },
    ]);
    return post(random, 'broken headers', JSON.stringify({ query: '{ __typename }' }), headers);
  },
  (random) => ({
    kind: 'odd address',
    method: pick(random, ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']),
    path: pick(random, [
      `/graphql?query=${encodeURIComponent(text(random, 100))}&variables=${encodeURIComponent(text(random, 20))}`,
      '/graphql?query=%',
      '/graphql?query=%7B__typename%7D&variables=%7B%22a%22%3A%22%5Cud800%22%7D',
      `/graphql?${'a=1&'.repeat(1_000)}`,
      '/graphql/stream?token=__proto__',
      '//graphql',
      '/%00',
      '/remedies/__proto__',
      `/remedies/${'%2e'.repeat(200)}`,
      '/admin/graphql',
      '/readyz?x',
    ]),
    headers: { 'x-graphql-event-stream-token': 'constructor', 'apollo-require-preflight': '1' },
    body: '',
  }),
];

export const hostileRequest = (random: Random): HostileRequest =>
  (KINDS[Math.floor(random() * KINDS.length)] ?? (() => document(random, 'wide document', '{')))(random);

const head = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

export const hostileBytes = (random: Random): HostileBytes => {
  const type = 'content-type: application/json';
  const [kind, bytes] = pick<readonly [string, string]>(random, [
    ['slow body', head(['POST /graphql HTTP/1.1', 'host: a', type, 'content-length: 5000']) + '{"query":"'],
    ['slow head', 'POST /graphql HTTP/1.1\r\nhost: a\r\nx-slow: '],
    ['no address', head(['POST / HTTP/1.1', type])],
    ['HTTP/1.0 without a host', head(['GET /graphql?query=%7B__typename%7D HTTP/1.0', 'apollo-require-preflight: 1'])],
    ['two lengths', head(['POST /graphql HTTP/1.1', 'host: a', type, 'content-length: 5', 'content-length: 6']) + '{}'],
    ['bad length', head(['POST /graphql HTTP/1.1', 'host: a', type, 'content-length: -5']) + '{}'],
    [
      'bad chunk',
      head(['POST /graphql HTTP/1.1', 'host: a', type, 'transfer-encoding: chunked']) + 'zz\r\n{}\r\n0\r\n\r\n',
    ],
    ['large head', head(['POST /graphql HTTP/1.1', 'host: a', `x-large: ${'x'.repeat(100_000)}`])],
    [
      'broken host',
      head([
        'POST /graphql HTTP/1.1',
        `host: ${pick(random, ['[', 'a b', '<>', '\\', '..', '[::1'])}`,
        type,
        'content-length: 2',
      ]) + '{}',
    ],
    ['absolute address', head(['GET http://[/graphql HTTP/1.1', 'host: a'])],
    [
      'bad upgrade',
      head(['GET /graphql HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: x']),
    ],
    ['no HTTP', text(random, upTo(random, 500))],
  ]);
  return { kind, bytes, isSlow: kind.startsWith('slow') };
};

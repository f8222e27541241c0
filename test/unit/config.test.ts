import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.js';

const DEFAULTS = {
  databaseUrl: 'sqlite:./data/tollgate.db',
  host: '127.0.0.1',
  port: 4000,
  publicUrl: null,
  docsUrl: null,
  isDemo: true,
  holdTtlMs: 60_000,
  idempotentAnswerBytesMax: 8_388_608,
  answerBytesMax: 16_777_216,
  logLevel: 'warn',
  edge: {
    bodyBytesMax: 262_144,
    requestTimeoutMs: 10_000,
    idleTimeoutMs: 75_000,
    corsOrigins: [],
    introspection: true,
    persistedQueries: true,
    trustProxy: false,
    operations: {
      perConnection: 100,
      perAccount: 200,
      inAll: 1_000,
      waitMs: 1_000,
      subscriptions: { perAccount: 1_000, inAll: 10_000 },
    },
  },
  documentLimits: { tokens: 2_000, depth: 20, aliases: 200, directives: 50, complexity: 5_000 },
  shutdown: { delayMs: 0, graceMs: 10_000 },
  metrics: 'ON',
  otlpEndpoint: null,
  rateLimits: { keyless: 300, keyed: null, badKeys: 60, windowSeconds: 60 },
  ownerKey: null,
  keySecret: null,
  isGraphiqlOn: true,
  payments: { stripe: null, returnOrigins: [], creditPrice: null },
};

const messageOf = (env: Readonly<Record<string, string>>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
};

describe('the environment', () => {
  it('may be empty: the demo, on this machine alone', () => {
    expect(readConfig({})).toEqual(DEFAULTS);
  });

  it('says the same with a variable that is empty as without it', () => {
    const empty = { DATABASE_URL: '', HOST: '', PORT: '', PUBLIC_URL: '', TOLLGATE_DEMO: '', LOG_LEVEL: '' };
    expect(readConfig(empty)).toEqual(DEFAULTS);
  });

  it('is read as a whole', () => {
    const env = {
      DATABASE_URL: 'mongodb://db.example/tollgate',
      HOST: '0.0.0.0',
      PORT: '8080',
      PUBLIC_URL: 'https://api.example/',
      TOLLGATE_DOCS_URL: 'https://docs.example/errors/',
      TOLLGATE_DEMO: 'false',
      TOLLGATE_HOLD_TTL_MS: '1500',
      TOLLGATE_IDEMPOTENT_ANSWER_BYTES_MAX: '2000',
      TOLLGATE_ANSWER_BYTES_MAX: '3000',
      LOG_LEVEL: 'silent',
      TOLLGATE_METRICS: '[::1]:9464',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      TOLLGATE_OWNER_KEY: 'owner-of-sixteen-',
      TOLLGATE_KEY_SECRET: 'secret-of-sixteen',
      TOLLGATE_GRAPHIQL: 'off',
      STRIPE_SECRET_KEY: 'rk_live_abc',
      STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old',
      STRIPE_API_URL: 'http://127.0.0.1:12111/',
      TOLLGATE_RETURN_ORIGINS: 'https://app.example',
      TOLLGATE_CREDIT_PRICE: '5 EUR for 10',
      TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE: 'off',
      TOLLGATE_KEY_REQUESTS_PER_MINUTE: '6000',
      TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE: '1',
      TOLLGATE_RATE_WINDOW_SECONDS: '10',
      TOLLGATE_BODY_BYTES_MAX: '65536',
      TOLLGATE_REQUEST_TIMEOUT_MS: '5000',
      TOLLGATE_IDLE_TIMEOUT_MS: '30000',
      TOLLGATE_CORS_ORIGINS: 'https://app.example, http://localhost:3000',
      TOLLGATE_PERSISTED_QUERIES: 'off',
      TOLLGATE_INTROSPECTION: 'false',
      TOLLGATE_TRUST_PROXY: 'loopback, 10.0.0.0/8, 2001:db8::1',
      TOLLGATE_CONNECTION_OPERATIONS_MAX: '5',
      TOLLGATE_ACCOUNT_OPERATIONS_MAX: '6',
      TOLLGATE_OPERATIONS_MAX: '7',
      TOLLGATE_OPERATION_WAIT_MS: '0',
      TOLLGATE_ACCOUNT_SUBSCRIPTIONS_MAX: '8',
      TOLLGATE_SUBSCRIPTIONS_MAX: '9',
      TOLLGATE_DOCUMENT_TOKENS_MAX: '1',
      TOLLGATE_DOCUMENT_DEPTH_MAX: '2',
      TOLLGATE_DOCUMENT_ALIASES_MAX: '0',
      TOLLGATE_DOCUMENT_DIRECTIVES_MAX: '3',
      TOLLGATE_DOCUMENT_COMPLEXITY_MAX: '4',
      TOLLGATE_SHUTDOWN_DELAY_MS: '500',
      TOLLGATE_SHUTDOWN_GRACE_MS: '20000',
      HOME: '/root',
    };
    expect(readConfig(env)).toEqual({
      databaseUrl: 'mongodb://db.example/tollgate',
      host: '0.0.0.0',
      port: 8080,
      publicUrl: 'https://api.example',
      docsUrl: 'https://docs.example/errors',
      isDemo: false,
      holdTtlMs: 1_500,
      idempotentAnswerBytesMax: 2_000,
      answerBytesMax: 3_000,
      logLevel: 'silent',
      edge: {
        bodyBytesMax: 65_536,
        requestTimeoutMs: 5_000,
        idleTimeoutMs: 30_000,
        corsOrigins: ['https://app.example', 'http://localhost:3000'],
        introspection: false,
        persistedQueries: false,
        trustProxy: ['loopback', '10.0.0.0/8', '2001:db8::1'],
        operations: {
          perConnection: 5,
          perAccount: 6,
          inAll: 7,
          waitMs: 0,
          subscriptions: { perAccount: 8, inAll: 9 },
        },
      },
      documentLimits: { tokens: 1, depth: 2, aliases: 0, directives: 3, complexity: 4 },
      shutdown: { delayMs: 500, graceMs: 20_000 },
      metrics: { host: '::1', port: 9464 },
      otlpEndpoint: 'http://collector:4318',
      rateLimits: { keyless: null, keyed: 6_000, badKeys: 1, windowSeconds: 10 },
      ownerKey: 'owner-of-sixteen-',
      keySecret: 'secret-of-sixteen',
      isGraphiqlOn: false,
      payments: {
        stripe: {
          secretKey: 'rk_live_abc',
          webhookSecrets: ['whsec_new', 'whsec_old'],
          apiUrl: 'http://127.0.0.1:12111',
        },
        returnOrigins: ['https://app.example'],
        creditPrice: { amountMinor: 5, currency: 'EUR', forCredits: 10 },
      },
    });
  });

  it('can’t be changed once it was read', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('logs each operation where it is no demo', () => {
    expect(readConfig({ TOLLGATE_DEMO: 'false' }).logLevel).toBe('info');
    expect(readConfig({ LOG_LEVEL: 'debug' }).logLevel).toBe('debug');
  });

  it('serves metrics to the public where that is asked for alone', () => {
    const placeOf = (place?: string) =>
      readConfig({ TOLLGATE_DEMO: 'false', ...(place === undefined ? {} : { TOLLGATE_METRICS: place }) }).metrics;
    expect([placeOf(), placeOf('off'), placeOf('on')]).toEqual(['OFF', 'OFF', 'ON']);
    expect(placeOf('10.0.0.7:9464')).toEqual({ host: '10.0.0.7', port: 9464 });
    expect(placeOf('metrics.internal:80')).toEqual({ host: 'metrics.internal', port: 80 });
  });
});

describe('the demo', () => {
  it.each([
    [{}, true],
    [{ DATABASE_URL: 'sqlite:./data/tollgate.db' }, false],
    [{ DATABASE_URL: 'mongodb://localhost/tollgate' }, false],
    [{ DATABASE_URL: 'mongodb://localhost/tollgate', TOLLGATE_DEMO: 'true' }, true],
    [{ TOLLGATE_DEMO: 'false' }, false],
    [{ TOLLGATE_DEMO: '0' }, false],
    [{ TOLLGATE_DEMO: 'off' }, false],
    [{ TOLLGATE_DEMO: '1' }, true],
    [{ TOLLGATE_DEMO: 'on' }, true],
  ])('is on where no database is named, or where it is asked for: %o', (env, isDemo) => {
    expect(readConfig(env).isDemo).toBe(isDemo);
  });

  it.each(['0.0.0.0', '::', '192.168.0.1', 'example.com', '127.0.0.1.example.com', 'localhost.example.com'])(
    'is refused on %s, which others can reach',
    (host) => {
      expect(messageOf({ HOST: host })).toBe(
        `HOST is ${host}, and demo keys are known to everybody: set TOLLGATE_DEMO=false, or listen on 127.0.0.1`,
      );
      expect(readConfig({ HOST: host, TOLLGATE_DEMO: 'false', TOLLGATE_OWNER_KEY: 'owner-of-sixteen-' }).host).toBe(
        host,
      );
    },
  );

  it.each(['127.0.0.1', '127.0.0.2', 'localhost', '::1'])('runs on %s', (host) => {
    expect(readConfig({ HOST: host }).isDemo).toBe(true);
  });
});

describe('a bad setting stops the start, names itself and says what it may be', () => {
  it.each([
    [{ PORT: 'abc' }, 'PORT must be a port'],
    [{ PORT: '4000x' }, 'PORT must be a port'],
    [{ PORT: '40.5' }, 'PORT must be a whole number'],
    // Port 0 would be another one at each start, and the printed addresses would lead nowhere.
    [{ PORT: '0' }, 'PORT must be 1 to 65535'],
    [{ PORT: ' ' }, 'PORT must be 1 to 65535'],
    [{ PORT: '-1' }, 'PORT must be 1 to 65535'],
    [{ PORT: '65536' }, 'PORT must be 1 to 65535'],
    [{ DATABASE_URL: 'postgres://h/db' }, 'DATABASE_URL must begin with sqlite:, mongodb:// or mongodb+srv://'],
    [{ DATABASE_URL: 'sqlite:' }, 'DATABASE_URL must begin with sqlite:, mongodb:// or mongodb+srv://'],
    [{ DATABASE_URL: './data.db' }, 'DATABASE_URL must begin with sqlite:, mongodb:// or mongodb+srv://'],
    [{ PUBLIC_URL: 'api.example' }, 'PUBLIC_URL must be a URL that begins with http:// or https://'],
    [{ PUBLIC_URL: 'ftp://api.example' }, 'PUBLIC_URL must be a URL that begins with http:// or https://'],
    [{ TOLLGATE_DEMO: 'yes' }, 'TOLLGATE_DEMO must be true or false'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that begins with http:// or https://',
    ],
    [
      { TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE: '0' },
      'TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE must be a whole number of requests a minute, or off',
    ],
    [
      { TOLLGATE_KEY_REQUESTS_PER_MINUTE: '1.5' },
      'TOLLGATE_KEY_REQUESTS_PER_MINUTE must be a whole number of requests a minute, or off',
    ],
    [{ TOLLGATE_BODY_BYTES_MAX: '9' }, 'TOLLGATE_BODY_BYTES_MAX must be a whole number of bytes, 1024 to 67108864'],
    [
      { TOLLGATE_CORS_ORIGINS: 'https://app.example/path' },
      'TOLLGATE_CORS_ORIGINS must be *, or origins like https://app.example, joined by commas',
    ],
    [
      { TOLLGATE_TRUST_PROXY: 'true' },
      'TOLLGATE_TRUST_PROXY must be addresses, networks like 10.0.0.0/8, and loopback, linklocal, uniquelocal, joined by commas',
    ],
    [
      { TOLLGATE_RATE_WINDOW_SECONDS: '7' },
      'TOLLGATE_RATE_WINDOW_SECONDS must be one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60',
    ],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'],
    [
      { PORT: 'abc', LOG_LEVEL: 'x' },
      'PORT must be a port; LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
    ],
  ])('%o', (env, message) => {
    expect(messageOf(env)).toBe(message);
  });

  it('is an address that others reach, where nobody chose the key of who may do everything', () => {
    const env = { DATABASE_URL: 'sqlite:./a.db', HOST: '0.0.0.0' };
    expect(messageOf(env)).toMatch(/^HOST is 0\.0\.0\.0, and nobody has chosen the key .* set TOLLGATE_OWNER_KEY/);
    expect(readConfig({ ...env, TOLLGATE_OWNER_KEY: 'owner-of-sixteen-' }).host).toBe('0.0.0.0');
  });

  it.each(['9464', ':9464', '127.0.0.1:0', '127.0.0.1:65536', 'http://127.0.0.1:9464'])(
    'TOLLGATE_METRICS %s',
    (place) => {
      expect(messageOf({ TOLLGATE_METRICS: place })).toBe(
        'TOLLGATE_METRICS must be on, off, or an address and a port as in 127.0.0.1:9464',
      );
    },
  );

  it('repeats nothing of an address, which may have a password in it', () => {
    expect(messageOf({ DATABASE_URL: 'postgres://user:secret@host/db' })).not.toContain('secret');
  });
});

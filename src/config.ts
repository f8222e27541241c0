/**
 * The environment, checked once at start, as one frozen value. A bad setting stops the start and says which it is and
 * what it may be.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isCurrency } from './domain/currency.js';
import type { CreditPrice } from './domain/offer.js';
import type { RateLimitSettings } from './domain/rateLimit.js';
import type { DocumentLimits } from './paywall/documents/documentReader.js';

export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  /** Where clients reach this server; links in errors begin with it. `null`: the address that it listens on. */
  readonly publicUrl: string | null;
  /** Where the pages of docs/errors are; `null`: this server shows them. */
  readonly docsUrl: string | null;
  readonly isDemo: boolean;
  /** How long credits stay set aside for an operation that never ends; longer than any operation may take. */
  readonly holdTtlMs: number;
  /** How large an answer may be that is kept under an `Idempotency-Key`. */
  readonly idempotentAnswerBytesMax: number;
  /** How large any answer may be. */
  readonly answerBytesMax: number;
  readonly logLevel: string;
  /** Where `/metrics` is served: nowhere, beside everything else, or at an address of its own. */
  readonly metrics: MetricsPlace;
  /** The OTLP collector to which traces are sent; `null`: none are made. */
  readonly otlpEndpoint: string | null;
  /** The key of the operator `owner`; `null`: one is made where there is no owner. */
  readonly ownerKey: string | null;
  readonly rateLimits: RateLimitSettings;
  readonly edge: EdgeConfig;
  readonly documentLimits: DocumentLimits;
  readonly shutdown: ShutdownConfig;
  /** What the hashes of keys are made with; `null`: the store keeps it. */
  readonly keySecret: string | null;
  /** Whether browsers that open an endpoint get GraphiQL. */
  readonly isGraphiqlOn: boolean;
  readonly payments: PaymentsConfig;
}

/** Who takes money, and where people come back to. */
export interface PaymentsConfig {
  /** `null`: Stripe does not. */
  readonly stripe: {
    readonly secretKey: string;
    readonly webhookSecrets: readonly string[];
    /** `null`: Stripe itself. */
    readonly apiUrl: string | null;
  } | null;
  /** Besides this server's own. */
  readonly returnOrigins: readonly string[];
  /** Of any number of credits; `null`: they are sold in packs alone. */
  readonly creditPrice: CreditPrice | null;
}

/** What requests may be like, and what browsers are told. */
export interface EdgeConfig {
  readonly bodyBytesMax: number;
  /** How long a request may take to arrive, body and all. */
  readonly requestTimeoutMs: number;
  /** How long nothing may move on a connection. */
  readonly idleTimeoutMs: number;
  /** Whose pages may read answers; `true`: everybody's. */
  readonly corsOrigins: readonly string[] | true;
  readonly introspection: boolean;
  /** Whether clients may send the hash of a document that they have sent before (automatic persisted queries). */
  readonly persistedQueries: boolean;
  readonly operations: OperationLimits;
  /** The proxies whose word on where a request comes from counts; `false`: none. */
  readonly trustProxy: string[] | false;
}

/** Operations that are under way at once. */
export interface OperationLimits {
  readonly perConnection: number;
  /** Of an address, where there is no key. */
  readonly perAccount: number;
  readonly inAll: number;
  /** How long one waits for its turn. */
  readonly waitMs: number;
  /** Those that are open, whether or not anything comes. */
  readonly subscriptions: { readonly perAccount: number; readonly inAll: number };
}

export interface ShutdownConfig {
  readonly delayMs: number;
  readonly graceMs: number;
}

export type MetricsPlace = 'OFF' | 'ON' | { readonly host: string; readonly port: number };

/** Says in one line what is wrong with the environment and what to do about it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const DATABASE_URL_DEFAULT = 'sqlite:./data/tollgate.db';
const HOLD_TTL_MS_MIN = 100;
const HOLD_TTL_MS_MAX = 24 * 60 * 60_000;
/** Compressed and as text it fits into a document of MongoDB, whatever it is. */
const IDEMPOTENT_ANSWER_BYTES_MAX = 11 * 1024 * 1024;
const HOUR_MS = 60 * 60_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

const flag = z.enum(['true', 'false', '1', '0', 'on', 'off'], 'must be true or false');
const isOn = (value: z.infer<typeof flag>): boolean => value === 'true' || value === '1' || value === 'on';

/** Minutes divide into whole windows, so that what a plan says of a minute is true of each. */
const WINDOW_SECONDS = ['1', '2', '3', '4', '5', '6', '10', '12', '15', '20', '30', '60'] as const;

const REQUESTS = 'must be a whole number of requests a minute, or off';
const perMinute = z
  .string()
  .regex(/^([1-9]\d{0,14}|off)$/, REQUESTS)
  .transform((text) => (text === 'off' ? null : Number(text)));

const whole = (name: string, min: number, max: number) => {
  const rule = `must be a whole number ${name}, ${min} to ${max}`;
  return z.coerce.number(rule).int(rule).min(min, rule).max(max, rule);
};

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** As browsers send it: without a path. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
const corsOrigins = z
  .string()
  .refine(
    (text) => text === '*' || listOf(text).every(isOrigin),
    'must be *, or origins like https://app.example, joined by commas',
  )
  .transform((text) => (text === '*' ? (true as const) : listOf(text)));

const returnOrigins = z
  .string()
  .refine((text) => listOf(text).every(isOrigin), 'must be origins like https://app.example, joined by commas')
  .transform(listOf);

const CREDIT_PRICE = /^(?<amount>[1-9]\d{0,14}) (?<currency>[A-Z]{3}) for (?<credits>[1-9]\d{0,14})$/;
/** In minor units: one credit may cost less than one. */
const creditPrice = z.string().transform((text, context): CreditPrice => {
  const { amount, currency = '', credits } = CREDIT_PRICE.exec(text)?.groups ?? {};
  if (isCurrency(currency)) return { amountMinor: Number(amount), currency, forCredits: Number(credits) };
  context.addIssue('must be minor units, a currency and credits, as in 1000 EUR for 100');
  return z.NEVER;
});

const stripeKey = z
  .string()
  .regex(/^(sk|rk)_(test|live)_\w+$/, 'must be a secret key of Stripe, which begins with sk_ or rk_');
const webhookSecrets = z
  .string()
  .refine(
    (text) => listOf(text).every((each) => each.startsWith('whsec_')),
    'must be secrets of a webhook, which begin with whsec_, joined by commas',
  )
  .transform(listOf);

const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];
const trustProxy = z
  .string()
  .refine(
    (text) => listOf(text).every((each) => NETWORKS.includes(each) || ipaddr.isValid(each) || ipaddr.isValidCIDR(each)),
    `must be addresses, networks like 10.0.0.0/8, and ${NETWORKS.join(', ')}, joined by commas`,
  )
  .transform(listOf);

const SECRET_LENGTH_MIN = 16;
/** What can be sent as a bearer token, and is not guessed. */
const secret = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .min(SECRET_LENGTH_MIN, {
    error: `must have at least ${SECRET_LENGTH_MIN} characters`,
  });

const METRICS_ADDRESS = /^(\[[\da-f:.]+\]|[^\s:/[\]]+):(\d{1,5})$/i;

const metricsPlace = z.string().transform((text, context): MetricsPlace => {
  const known = flag.safeParse(text);
  if (known.success) return isOn(known.data) ? 'ON' : 'OFF';
  const [, host = '', port = ''] = METRICS_ADDRESS.exec(text) ?? [];
  if (host !== '' && Number(port) >= 1 && Number(port) <= 65535) {
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  }
  context.addIssue('must be on, off, or an address and a port as in 127.0.0.1:9464');
  return z.NEVER;
});
const url = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });

const environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.|mongodb(\+srv)?:\/\/.)/, 'must begin with sqlite:, mongodb:// or mongodb+srv://')
    .optional(),
  HOST: z.string().min(1, 'must name an address to listen on').default('127.0.0.1'),
  PORT: z.coerce
    .number('must be a port')
    .int('must be a whole number')
    .min(1, 'must be 1 to 65535')
    .max(65535, 'must be 1 to 65535')
    .default(4000),
  PUBLIC_URL: url.optional(),
  TOLLGATE_DEMO: flag.optional(),
  TOLLGATE_DOCS_URL: url.optional(),
  TOLLGATE_HOLD_TTL_MS: z.coerce
    .number('must be a number of milliseconds')
    .int('must be a whole number of milliseconds')
    .min(HOLD_TTL_MS_MIN, `must be ${HOLD_TTL_MS_MIN} to ${HOLD_TTL_MS_MAX}`)
    .max(HOLD_TTL_MS_MAX, `must be ${HOLD_TTL_MS_MIN} to ${HOLD_TTL_MS_MAX}`)
    .default(60_000),
  TOLLGATE_IDEMPOTENT_ANSWER_BYTES_MAX: z.coerce
    .number('must be a number of bytes')
    .int('must be a whole number of bytes')
    .min(1, `must be 1 to ${IDEMPOTENT_ANSWER_BYTES_MAX}`)
    .max(IDEMPOTENT_ANSWER_BYTES_MAX, `must be 1 to ${IDEMPOTENT_ANSWER_BYTES_MAX}`)
    .default(8 * 1024 * 1024),
  TOLLGATE_ANSWER_BYTES_MAX: whole('of bytes', 1_024, 1_024 * 1_024 * 1_024).default(16 * 1_024 * 1_024),
  TOLLGATE_METRICS: metricsPlace.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
    .optional(),
  TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE: perMinute.default(300),
  TOLLGATE_KEY_REQUESTS_PER_MINUTE: perMinute.default(null),
  TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE: perMinute.default(60),
  TOLLGATE_RATE_WINDOW_SECONDS: z
    .enum(WINDOW_SECONDS, `must be one of ${WINDOW_SECONDS.join(', ')}`)
    .transform(Number)
    .default(60),
  TOLLGATE_BODY_BYTES_MAX: whole('of bytes', 1_024, 64 * 1_024 * 1_024).default(262_144),
  TOLLGATE_REQUEST_TIMEOUT_MS: whole('of milliseconds', 100, HOUR_MS).default(10_000),
  TOLLGATE_IDLE_TIMEOUT_MS: whole('of milliseconds', 20_000, HOUR_MS).default(75_000),
  TOLLGATE_CORS_ORIGINS: corsOrigins.default([]),
  TOLLGATE_INTROSPECTION: flag.default('true'),
  TOLLGATE_PERSISTED_QUERIES: flag.default('true'),
  TOLLGATE_TRUST_PROXY: trustProxy.optional(),
  TOLLGATE_CONNECTION_OPERATIONS_MAX: whole('of operations', 1, 1_000_000).default(100),
  TOLLGATE_ACCOUNT_OPERATIONS_MAX: whole('of operations', 1, 1_000_000).default(200),
  TOLLGATE_OPERATIONS_MAX: whole('of operations', 1, 1_000_000).default(1_000),
  TOLLGATE_OPERATION_WAIT_MS: whole('of milliseconds', 0, HOUR_MS).default(1_000),
  TOLLGATE_ACCOUNT_SUBSCRIPTIONS_MAX: whole('of subscriptions', 1, 1_000_000).default(1_000),
  TOLLGATE_SUBSCRIPTIONS_MAX: whole('of subscriptions', 1, 1_000_000).default(10_000),
  TOLLGATE_DOCUMENT_TOKENS_MAX: whole('of tokens', 1, 1_000_000).default(2_000),
  TOLLGATE_DOCUMENT_DEPTH_MAX: whole('of levels', 1, 1_000).default(20),
  TOLLGATE_DOCUMENT_ALIASES_MAX: whole('of aliases', 0, 1_000_000).default(200),
  TOLLGATE_DOCUMENT_DIRECTIVES_MAX: whole('of directives', 0, 1_000_000).default(50),
  TOLLGATE_DOCUMENT_COMPLEXITY_MAX: whole('of fields', 1, 1_000_000_000).default(5_000),
  TOLLGATE_SHUTDOWN_DELAY_MS: whole('of milliseconds', 0, HOUR_MS).default(0),
  TOLLGATE_SHUTDOWN_GRACE_MS: whole('of milliseconds', 100, HOUR_MS).default(10_000),
  TOLLGATE_OWNER_KEY: secret.optional(),
  TOLLGATE_KEY_SECRET: secret.optional(),
  TOLLGATE_GRAPHIQL: flag.default('true'),
  STRIPE_SECRET_KEY: stripeKey.optional(),
  STRIPE_WEBHOOK_SECRET: webhookSecrets.default([]),
  STRIPE_API_URL: url.optional(),
  TOLLGATE_RETURN_ORIGINS: returnOrigins.default([]),
  TOLLGATE_CREDIT_PRICE: creditPrice.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional(),
});

type Environment = z.infer<typeof environment>;

const limitsOf = (env: Environment): Pick<Config, 'edge' | 'documentLimits' | 'shutdown' | 'rateLimits'> => ({
  edge: Object.freeze({
    bodyBytesMax: env.TOLLGATE_BODY_BYTES_MAX,
    requestTimeoutMs: env.TOLLGATE_REQUEST_TIMEOUT_MS,
    idleTimeoutMs: env.TOLLGATE_IDLE_TIMEOUT_MS,
    corsOrigins: env.TOLLGATE_CORS_ORIGINS,
    introspection: isOn(env.TOLLGATE_INTROSPECTION),
    persistedQueries: isOn(env.TOLLGATE_PERSISTED_QUERIES),
    trustProxy: env.TOLLGATE_TRUST_PROXY ?? false,
    operations: Object.freeze({
      perConnection: env.TOLLGATE_CONNECTION_OPERATIONS_MAX,
      perAccount: env.TOLLGATE_ACCOUNT_OPERATIONS_MAX,
      inAll: env.TOLLGATE_OPERATIONS_MAX,
      waitMs: env.TOLLGATE_OPERATION_WAIT_MS,
      subscriptions: {
        perAccount: env.TOLLGATE_ACCOUNT_SUBSCRIPTIONS_MAX,
        inAll: env.TOLLGATE_SUBSCRIPTIONS_MAX,
      },
    }),
  }),
  documentLimits: Object.freeze({
    tokens: env.TOLLGATE_DOCUMENT_TOKENS_MAX,
    depth: env.TOLLGATE_DOCUMENT_DEPTH_MAX,
    aliases: env.TOLLGATE_DOCUMENT_ALIASES_MAX,
    directives: env.TOLLGATE_DOCUMENT_DIRECTIVES_MAX,
    complexity: env.TOLLGATE_DOCUMENT_COMPLEXITY_MAX,
  }),
  shutdown: Object.freeze({ delayMs: env.TOLLGATE_SHUTDOWN_DELAY_MS, graceMs: env.TOLLGATE_SHUTDOWN_GRACE_MS }),
  rateLimits: Object.freeze({
    keyless: env.TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE,
    keyed: env.TOLLGATE_KEY_REQUESTS_PER_MINUTE,
    badKeys: env.TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE,
    windowSeconds: env.TOLLGATE_RATE_WINDOW_SECONDS,
  }),
});

const paymentsOf = (env: Environment): PaymentsConfig => {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: secrets, STRIPE_API_URL, HOST, PUBLIC_URL } = env;
  if (secretKey !== undefined && PUBLIC_URL === undefined && !LOOPBACK.test(HOST)) {
    throw new ConfigError('STRIPE_SECRET_KEY needs PUBLIC_URL: it is where people come back to who have paid');
  }
  return Object.freeze({
    stripe:
      secretKey === undefined
        ? null
        : Object.freeze({ secretKey, webhookSecrets: secrets, apiUrl: withoutSlash(STRIPE_API_URL) }),
    returnOrigins: env.TOLLGATE_RETURN_ORIGINS,
    creditPrice: env.TOLLGATE_CREDIT_PRICE ?? null,
  });
};

/** Refuses what leaves a door open to others than this machine. */
const checkReach = (host: string, isDemo: boolean, ownerKey: string | undefined): void => {
  if (LOOPBACK.test(host)) return;
  if (isDemo) {
    throw new ConfigError(
      `HOST is ${host}, and demo keys are known to everybody: set TOLLGATE_DEMO=false, or listen on 127.0.0.1`,
    );
  }
  if (ownerKey === undefined) {
    throw new ConfigError(
      `HOST is ${host}, and nobody has chosen the key of the operator who may do everything: set TOLLGATE_OWNER_KEY, or listen on 127.0.0.1`,
    );
  }
};

const withoutSlash = (url: string | undefined): string | null => url?.replace(/\/$/, '') ?? null;

/** Throws `ConfigError`. An empty variable counts as not set. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '));
  }
  const { DATABASE_URL, HOST, PORT, PUBLIC_URL, TOLLGATE_DEMO, TOLLGATE_HOLD_TTL_MS, LOG_LEVEL } = parsed.data;
  const { TOLLGATE_METRICS, OTEL_EXPORTER_OTLP_ENDPOINT, TOLLGATE_OWNER_KEY, TOLLGATE_KEY_SECRET } = parsed.data;
  const { TOLLGATE_DOCS_URL, TOLLGATE_IDEMPOTENT_ANSWER_BYTES_MAX } = parsed.data;
  const isDemo = TOLLGATE_DEMO === undefined ? DATABASE_URL === undefined : isOn(TOLLGATE_DEMO);
  checkReach(HOST, isDemo, TOLLGATE_OWNER_KEY);
  return Object.freeze({
    databaseUrl: DATABASE_URL ?? DATABASE_URL_DEFAULT,
    host: HOST,
    port: PORT,
    publicUrl: withoutSlash(PUBLIC_URL),
    docsUrl: withoutSlash(TOLLGATE_DOCS_URL),
    isDemo,
    holdTtlMs: TOLLGATE_HOLD_TTL_MS,
    idempotentAnswerBytesMax: TOLLGATE_IDEMPOTENT_ANSWER_BYTES_MAX,
    answerBytesMax: parsed.data.TOLLGATE_ANSWER_BYTES_MAX,
    // Whoever tries the demo reads what it prints, and nothing needs their attention.
    logLevel: LOG_LEVEL ?? (isDemo ? 'warn' : 'info'),
    // A demo is reached from this machine alone; elsewhere it is for the operator to say who may read them.
    metrics: TOLLGATE_METRICS ?? (isDemo ? 'ON' : 'OFF'),
    otlpEndpoint: withoutSlash(OTEL_EXPORTER_OTLP_ENDPOINT),
    ...limitsOf(parsed.data),
    ownerKey: TOLLGATE_OWNER_KEY ?? null,
    keySecret: TOLLGATE_KEY_SECRET ?? null,
    isGraphiqlOn: isOn(parsed.data.TOLLGATE_GRAPHIQL),
    payments: paymentsOf(parsed.data),
  });
};

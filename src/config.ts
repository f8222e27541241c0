/**
 * The environment, checked once at start, as one frozen value. A bad setting stops the start and says which it is and
 * what it may be.
 */
import { z } from 'zod';
import type { RateLimitSettings } from './domain/rateLimit.js';

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
  readonly logLevel: string;
  /** Where `/metrics` is served: nowhere, beside everything else, or at an address of its own. */
  readonly metrics: MetricsPlace;
  /** The OTLP collector to which traces are sent; `null`: none are made. */
  readonly otlpEndpoint: string | null;
  /** The key of the operator `owner`; `null`: one is made where there is no owner. */
  readonly ownerKey: string | null;
  readonly rateLimits: RateLimitSettings;
  /** What the hashes of keys are made with; `null`: the store keeps it. */
  readonly keySecret: string | null;
  /** Whether browsers that open an endpoint get GraphiQL. */
  readonly isGraphiqlOn: boolean;
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
  TOLLGATE_OWNER_KEY: secret.optional(),
  TOLLGATE_KEY_SECRET: secret.optional(),
  TOLLGATE_GRAPHIQL: flag.default('true'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional(),
});

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
  const { TOLLGATE_DOCS_URL } = parsed.data;
  const isDemo = TOLLGATE_DEMO === undefined ? DATABASE_URL === undefined : isOn(TOLLGATE_DEMO);
  if (isDemo && !LOOPBACK.test(HOST)) {
    throw new ConfigError(
      `HOST is ${HOST}, and demo keys are known to everybody: set TOLLGATE_DEMO=false, or listen on 127.0.0.1`,
    );
  }
  return Object.freeze({
    databaseUrl: DATABASE_URL ?? DATABASE_URL_DEFAULT,
    host: HOST,
    port: PORT,
    publicUrl: withoutSlash(PUBLIC_URL),
    docsUrl: withoutSlash(TOLLGATE_DOCS_URL),
    isDemo,
    holdTtlMs: TOLLGATE_HOLD_TTL_MS,
    // Whoever tries the demo reads what it prints, and nothing needs their attention.
    logLevel: LOG_LEVEL ?? (isDemo ? 'warn' : 'info'),
    // A demo is reached from this machine alone; elsewhere it is for the operator to say who may read them.
    metrics: TOLLGATE_METRICS ?? (isDemo ? 'ON' : 'OFF'),
    otlpEndpoint: withoutSlash(OTEL_EXPORTER_OTLP_ENDPOINT),
    rateLimits: Object.freeze({
      keyless: parsed.data.TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE,
      keyed: parsed.data.TOLLGATE_KEY_REQUESTS_PER_MINUTE,
      badKeys: parsed.data.TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE,
      windowSeconds: parsed.data.TOLLGATE_RATE_WINDOW_SECONDS,
    }),
    ownerKey: TOLLGATE_OWNER_KEY ?? null,
    keySecret: TOLLGATE_KEY_SECRET ?? null,
    isGraphiqlOn: isOn(parsed.data.TOLLGATE_GRAPHIQL),
  });
};

/**
 * How many requests each caller may send: a key as many as its plan says, who sends none or one that is no good as many
 * as the operator says, by address. Every request is counted once, whatever it asks for, before anything else of it is
 * looked at. Who is over the limit is remembered, so that a flood is not counted on and on.
 */
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { isOverQuota, requestQuota, requestsLeft, requestsPerMinuteAt } from '../domain/rateLimit.js';
import type { RateLimitSettings, RequestCount, RequestQuota } from '../domain/rateLimit.js';
import type { Bank } from '../accounts/bank.js';
import type { Bar, Caller } from '../accounts/caller.js';
import { loadCallerStanding } from '../accounts/accountStanding.js';
import { secondsUntil } from '../http/responseHead.js';

/** What a caller is counted as. */
type Policy = 'key' | 'address' | 'bad-key';

/** What was counted for a request. */
export interface Rate {
  readonly policy: Policy;
  readonly quota: RequestQuota;
  readonly counted: RequestCount;
  /** It was known from the last time that there were too many: this request was not counted. */
  readonly isRemembered: boolean;
}

export interface CountedCaller {
  readonly caller: Caller;
  /** `null`: nothing limits the caller. */
  readonly rate: Rate | null;
}

/** Of how many callers is known what was counted last. */
const REMEMBERED_MAX = 10_000;

/** `null`: nothing limited the caller. */
type Last = Pick<Rate, 'quota' | 'counted'> | 'UNLIMITED';

export class RateLimits {
  readonly #last = new LRUCache<string, Last>({ max: REMEMBERED_MAX });

  constructor(
    private readonly bank: Bank,
    /** `null`: nobody is limited, and nothing is counted. */
    private readonly settings: RateLimitSettings | null,
  ) {}

  /** Of a key where no plan says; `null`: any number. */
  get keyRequestsPerMinute(): number | null {
    return this.settings?.keyed ?? null;
  }

  /** Who is calling from this address, barred where this request is one too many. */
  async identify(authorization: string | undefined, address: string): Promise<CountedCaller> {
    const caller = await this.bank.identify(authorization);
    if (this.settings === null) return { rate: null, caller };
    const policy = policyOf(caller);
    if (policy === null) return { rate: null, caller };
    if (policy !== 'key') {
      const rate = await this.#countAddress(policy, address);
      return { rate, caller: isOver(rate) ? barredUntil(caller, rate) : caller };
    }
    const bucket = `key:${caller.sentKey?.keyId ?? caller.accountId}`;
    const { rate, suspended } = await this.#countKey(bucket, caller);
    if (!isOver(rate)) return { rate, caller };
    return { rate, caller: suspended ? { ...caller, barred: SUSPENDED } : barredUntil(caller, rate) };
  }

  /** For a key that is no good and that `identify` knows nothing of; `null`: nothing limits them. */
  countBadKey(address: string): Promise<Rate | null> {
    return this.#countAddress('bad-key', address);
  }

  async #countAddress(policy: 'address' | 'bad-key', address: string): Promise<Rate | null> {
    const quota = this.#quotaOf(policy === 'address' ? this.settings?.keyless : this.settings?.badKeys);
    if (quota === null) return null;
    const bucket = `${policy}:${networkOf(address)}`;
    const known = this.#knownOver(bucket, quota);
    return { policy, quota, counted: known ?? (await this.#count(bucket, quota)), isRemembered: known !== null };
  }

  /** Counts while the plan is read, where it is known from the last time that there is something to count. */
  async #countKey(
    bucket: string,
    caller: Caller,
  ): Promise<{ readonly rate: Rate | null; readonly suspended: boolean }> {
    const last = this.#last.get(bucket);
    const early =
      last === undefined || last === 'UNLIMITED' || isOverStill(last) ? null : this.#count(bucket, last.quota);
    const now = this.bank.settings.now();
    const [account, soon] = await Promise.all([loadCallerStanding(caller, this.bank.shelf, now), early]);
    const suspended = account?.isSuspended ?? false;
    const ofPlan = account === null ? null : requestsPerMinuteAt(account.subscription, account.plan, now);
    const quota = this.#quotaOf(ofPlan ?? this.settings?.keyed);
    if (quota === null) {
      this.#last.set(bucket, 'UNLIMITED');
      return { rate: null, suspended };
    }
    const known = soon === null ? this.#knownOver(bucket, quota) : null;
    const counted = soon ?? known ?? (await this.#count(bucket, quota));
    return { rate: { policy: 'key', quota, counted, isRemembered: known !== null }, suspended };
  }

  #quotaOf(perMinute: number | null | undefined): RequestQuota | null {
    return this.settings === null || perMinute == null ? null : requestQuota(perMinute, this.settings.windowSeconds);
  }

  /** What was counted last, where that was too much already: it need not be counted again. */
  #knownOver(bucket: string, quota: RequestQuota): RequestCount | null {
    const last = this.#last.get(bucket);
    if (last === undefined || last === 'UNLIMITED' || !isOverStill(last)) return null;
    return isOverQuota(quota, last.counted) ? last.counted : null;
  }

  async #count(bucket: string, quota: RequestQuota): Promise<RequestCount> {
    const counted = await this.bank.store.countRequest(bucket, quota.windowSeconds);
    this.#last.set(bucket, { quota, counted });
    return counted;
  }
}

const SUSPENDED: Bar = { reason: 'ACCOUNT_SUSPENDED', resetAt: null };

const barredUntil = (caller: Caller, { counted: { resetAt } }: Rate): Caller => ({
  ...caller,
  barred: { reason: 'RATE_LIMITED', resetAt },
});

export const isOver = (rate: Rate | null): rate is Rate => rate !== null && isOverQuota(rate.quota, rate.counted);

/** Of an address that goes on and on the first record of a window says it all: the rest would only fill the disk. */
export const isFlood = (rate: Rate | null): boolean => rate !== null && rate.policy !== 'key' && rate.isRemembered;

const isOverStill = ({ quota, counted }: Exclude<Last, 'UNLIMITED'>): boolean =>
  isOverQuota(quota, counted) && Date.now() < counted.resetAt;

/** `null`: the key can't be looked up, and nobody knows what its caller may; paid fields are refused in any case. */
const policyOf = ({ key }: Caller): Policy | null => {
  switch (key) {
    case 'VALID':
      return 'key';
    case 'MISSING':
      return 'address';
    case 'UNVERIFIED':
      return null;
    case 'UNKNOWN':
    case 'EXPIRED':
    case 'REVOKED':
      return 'bad-key';
  }
};

const IPV6_NETWORK_BYTES = 8;

/** As what an address counts: an IPv4 address itself, or the network of an IPv6 one: a single customer has at least 2^64 of those. */
export const networkOf = (address: string): string => {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${Buffer.from(parsed.toByteArray().slice(0, IPV6_NETWORK_BYTES)).toString('hex')}/64`;
};

/** The fields of draft-ietf-httpapi-ratelimit-headers. */
export const rateHeaders = ({ policy, quota, counted }: Rate): Readonly<Record<string, string>> => ({
  'ratelimit-policy': `"${policy}";q=${quota.requests};w=${quota.windowSeconds}`,
  ratelimit: `"${policy}";r=${requestsLeft(quota, counted)};t=${secondsUntil(counted.resetAt)}`,
});

/** Keys of the benchmarks' accounts, put into the store by the thousand: hashed as the paywall hashes them. */
import { createHmac } from 'node:crypto';

/** Give it to `createPaywall` as `keySecret`. */
export const KEY_SECRET = 'the secret of the benchmarks';

export const hashOf = (secret: string): string => createHmac('sha256', KEY_SECRET).update(secret).digest('base64url');

/** How the sandbox signs what it sends, and how that is checked: as providers do, over the raw body and its time. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../../domain/period.js';
import { WebhookFault } from '../paymentProvider.js';

export const SIGNATURE_HEADER = 'sandbox-signature';
const TOLERANCE_SECONDS = 300;

const hashOf = (secret: string, seconds: number, body: Buffer | string): string =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');

export const sandboxSignature = (secret: string, body: string, now: Instant): string => {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${hashOf(secret, seconds, body)}`;
};

/** Throws `WebhookFault`. */
export const checkSignature = (
  secret: string,
  { body, header, now }: { readonly body: Buffer; readonly header: unknown; readonly now: Instant },
): void => {
  const [, time = '', given = ''] =
    typeof header === 'string' ? (/^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? []) : [];
  if (given === '') throw new WebhookFault('NOT_SIGNED', 'The sandbox signs what it sends, and this is not signed.');
  const right = hashOf(secret, Number(time), body);
  if (!timingSafeEqual(Buffer.from(right), Buffer.from(given))) {
    throw new WebhookFault('NO_MATCH', 'The signature is not the sandbox’s, or the body was changed.');
  }
  const ageSeconds = Math.floor(now / 1000) - Number(time);
  if (ageSeconds > TOLERANCE_SECONDS) throw new WebhookFault('TOO_OLD', `It was signed ${ageSeconds} s ago.`);
  if (ageSeconds < -TOLERANCE_SECONDS) throw new WebhookFault('IN_FUTURE', `It is dated ${-ageSeconds} s ahead.`);
};

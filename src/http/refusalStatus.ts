/** From codes of refusals to statuses, in one place. */
import type { RefusalCode } from '../domain/refusal.js';

export const STATUS_OF: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  PAYMENT_REQUIRED: 402,
  SERVICE_UNAVAILABLE: 503,
};

/** By which ids a request is found again: its own, and that of the trace which it is part of. */
import type { IncomingHttpHeaders } from 'node:http';
import { nanoid } from 'nanoid';

const SANE = /^[\w.:+/=@-]{1,128}$/;
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(-|$)/;
const NO_TRACE = '0'.repeat(32);

/** The id that a proxy or the client gave in `X-Request-Id`, if it is one that can be logged; else a new one. */
export const requestIdOf = ({ headers }: { readonly headers: IncomingHttpHeaders }): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : nanoid();
};

/** The trace of `traceparent` (W3C Trace Context, 3.2); `null` where there is none, or none that can be used. */
export const traceIdOf = ({ traceparent }: IncomingHttpHeaders): string | null => {
  const id = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return id === undefined || id === NO_TRACE ? null : id;
};

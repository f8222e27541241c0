/** Tollgate as a library in an Apollo server: `tollgate/apollo`, beside `tollgate`, which needs no server. */
export { callerContext } from './paywall/callerContext.js';
export { maskErrors } from './apollo/maskErrors.js';
export { tollgatePlugin } from './apollo/tollgatePlugin.js';
export { stringifyResult } from './apollo/stringifyResult.js';

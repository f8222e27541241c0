/** GraphiQL as `npm run build` bundles it: the server serves what is built. */
export { buildGraphiql as setup } from '../../scripts/buildGraphiql.mjs';

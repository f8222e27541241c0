/**
 * A client that means well, in a process of its own so that nobody's work but the server's holds its answers up: asks at a
 * steady pace until its parent says stop, and then says how long each answer took, in ms.
 */
const [url = '', key = ''] = process.argv.slice(2);
const EVERY_MS = 20;
const QUERY = '{ nearest(lat: 48.2, lon: 16.37, first: 2) { name } }';

const took: number[] = [];
const ask = async (): Promise<void> => {
  const startedAt = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: QUERY }),
  });
  const body = await response.text();
  took.push(performance.now() - startedAt);
  if (response.status !== 200 || !body.includes('Vienna'))
    throw new Error(`It was answered ${response.status}: ${body}`);
};

const underWay: Promise<void>[] = [];
const asking = setInterval(() => underWay.push(ask()), EVERY_MS);
process.once('message', () => {
  clearInterval(asking);
  void Promise.all(underWay).then(() => {
    process.send?.(took);
    process.disconnect();
  });
});

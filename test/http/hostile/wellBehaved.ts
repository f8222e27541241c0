/**
 * A client that means well, in a process of its own so that nobody's work but the server's holds its answers up: asks at a
 * steady pace. Whenever its parent asks, it says how long each answer took since it was asked last, in ms.
 */
const [url = '', key = ''] = process.argv.slice(2);
const EVERY_MS = 20;
const QUERY = '{ nearest(lat: 48.2, lon: 16.37, first: 2) { name } }';

const ask = async (): Promise<number> => {
  const startedAt = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: QUERY }),
  });
  const body = await response.text();
  if (response.status !== 200 || !body.includes('Vienna'))
    throw new Error(`It was answered ${response.status}: ${body}`);
  return performance.now() - startedAt;
};

let asked: Promise<number>[] = [];
const asking = setInterval(() => asked.push(ask()), EVERY_MS);
process.on('message', () => {
  const answers = Promise.all(asked);
  asked = [];
  void answers.then((took) => process.send?.(took));
});
process.once('disconnect', () => {
  clearInterval(asking);
});

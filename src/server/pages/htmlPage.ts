/** The look of the few pages that Tollgate serves to people. `body` is HTML. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · Tollgate</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:10vh auto;padding:0 1.5rem;color:#1a1a1a;background:#fff}h1{font-size:1.9rem}
pre{overflow-x:auto;padding:.8rem 1rem;background:#8881;border-radius:.4rem;font-size:.9rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
@media(prefers-color-scheme:dark){body{color:#eee;background:#151515}a{color:#8bf}}</style>
${body}
</html>
`;

/**
 * The look of the pages that Tollgate serves to people, and how they are sent: no script, no other host, nothing but
 * this one style, which the policy names by its hash.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { markup, Markup } from './markup.js';

export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** Left out: 200. */
  readonly status?: number;
  /** Origins that its forms may lead to, besides this server; left out: it has no form. */
  readonly formsLeadTo?: readonly string[];
}

const STYLE = `:root{color-scheme:light dark;--ink:#1b2023;--soft:#525d63;--paper:#fbfaf7;--card:#fff;--line:#d9d6cd;--link:#0b5f56;--accent:#0f766e;--on:#fff;--good:#176639;--bad:#a02f1c}
@media(prefers-color-scheme:dark){:root{--ink:#e9ebe8;--soft:#a9b3b2;--paper:#14181a;--card:#1d2326;--line:#39433f;--link:#6fd3c4;--accent:#5cc7b8;--on:#0d1a18;--good:#7fd6a0;--bad:#ff9c86}}
*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.6 system-ui,-apple-system,'Segoe UI',sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:break-word}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;padding:1rem 1.25rem;border-bottom:1px solid var(--line)}
.bar a{padding:.2rem 0;color:var(--soft);text-decoration:none}
.bar a:first-child{margin-right:auto;font-weight:700;color:var(--ink)}
.bar a:hover{text-decoration:underline}
main{max-width:46rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{margin:0 0 .75rem;font-size:1.9rem;line-height:1.2;letter-spacing:-.01em}
h2{margin:2.25rem 0 .5rem;font-size:1.2rem;line-height:1.3}
p,ul,ol,dl,table,pre{margin:0 0 1rem}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.2rem}
code,pre{font:.9em/1.5 ui-monospace,'SF Mono',Consolas,monospace;overflow-wrap:anywhere}
pre{padding:.8rem 1rem;white-space:pre-wrap;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
table{width:100%;border-collapse:collapse}
th,td{padding:.4rem 1rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
.soft{color:var(--soft)}
.card{margin:0 0 1rem;padding:1.1rem 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
.card :last-child{margin-bottom:0}
.card h2,.card h3{margin:0 0 .25rem;font-size:1.05rem}
.offer{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:center;justify-content:space-between}
.offer>div{flex:1 1 14rem}
.offer form{flex:0 1 auto}
.good,.bad{border-left:.35rem solid}
.good{border-left-color:var(--good)}
.bad{border-left-color:var(--bad)}
button{min-height:2.75rem;padding:.55rem 1.2rem;font:inherit;font-weight:600;line-height:1.3;color:var(--on);background:var(--accent);border:1px solid var(--accent);border-radius:.5rem;cursor:pointer}
button.plain{color:var(--ink);background:transparent;border-color:var(--line)}
button:hover{filter:brightness(1.08)}
.buttons{margin:0 0 1rem;display:flex;flex-wrap:wrap;gap:.6rem}
@media(max-width:30rem){h1{font-size:1.55rem}.offer form,.offer button,.buttons form,.buttons button{width:100%}}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** As a whole document. */
const htmlPage = (title: string, body: Markup): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Tollgate</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<nav class="bar" aria-label="Tollgate"><a href="/">Tollgate</a><a href="/errors">Errors</a><a href="/remedies">Remedies</a></nav>
<main>
${body}
</main>
</body>
</html>
`.text;

const policyFor = (formsLeadTo: readonly string[] | undefined): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action ${formsLeadTo === undefined ? "'none'" : ["'self'", ...formsLeadTo].join(' ')}`,
  ].join('; ');

/** A page with forms is about somebody, and is kept by nobody. Its browser says where a form comes from. */
export const sendPage = (reply: FastifyReply, { title, body, status = 200, formsLeadTo }: Page): FastifyReply => {
  if (formsLeadTo !== undefined) {
    void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'same-origin' });
  }
  return reply
    .code(status)
    .header('content-security-policy', policyFor(formsLeadTo))
    .type('text/html; charset=utf-8')
    .send(htmlPage(title, body));
};

import type { ControlAnswer } from '../control.js';

/** Nothing of it can be framed, and nothing is loaded; where its form leads the authorization server may lead on. */
const HEADERS = [
  'content-type',
  'text/html; charset=utf-8',
  'cache-control',
  'no-store',
  'content-security-policy',
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-frame-options',
  'DENY',
  // Without one a browser would not say where its form comes from, either.
  'referrer-policy',
  'same-origin',
];

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.4em 1.2em}';

/** A page for people. `text` and the fields are texts, not HTML. */
export function page(
  status: number,
  title: string,
  text: string,
  form: { readonly button: string; readonly fields: Readonly<Record<string, string>> } | null,
  cookies: readonly string[] = [],
): ControlAnswer {
  const hidden = Object.entries(form?.fields ?? {})
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
  const button =
    form === null ? '' : `<form method="post">${hidden}<button>${escaped(form.button)}</button></form>`;
  const body =
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escaped(title)}</title><style>${STYLE}</style><h1>${escaped(title)}</h1><p>${escaped(text)}</p>${button}</html>`;
  return { status, headers: [...HEADERS, ...cookies.flatMap((one) => ['set-cookie', one])], body };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

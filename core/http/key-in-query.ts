import type { HeaderList } from '@headgate/sdk';

/** Paths of Google's APIs, whose clients may send their key in the query. */
const GOOGLE =
  /^(?:\/genai)?(?:\/upload)?\/(?:v1(?:alpha|beta)\d*|v1\/models|v1\/projects\/[^/]+\/locations|v1\/publishers)(?:\/|$)/;

/**
 * The query without a key that a client of a Google API put there (`?key=…`), which becomes a header unless the client sent
 * one as well: so nothing behind here logs it or sends it on.
 */
export function withoutKey(path: string, query: string, headers: HeaderList): string {
  if (query === '' || !GOOGLE.test(path)) return query;
  const kept: string[] = [];
  for (const pair of query.split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (decoded(name) !== 'key') kept.push(pair);
    else if (!headers.includes('x-goog-api-key')) headers.push('x-goog-api-key', decoded(value.join('=')));
  }
  return kept.join('&');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

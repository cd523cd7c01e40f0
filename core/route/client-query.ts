/** What is between the client and this gateway: its key in a query, and the framing that it wants for itself. */
const OURS = new Set(['key', 'api_key', 'api-key', 'access_token', 'alt', '$alt', 'api-version']);

/**
 * The provider's path with what the client's query says beyond it, byte for byte: `beta=true`. The path may have a query of its
 * own, whose parameters the client cannot change.
 */
export function withClientQuery(path: string, query: string): string {
  const mark = path.indexOf('?');
  const taken =
    mark < 0
      ? OURS
      : new Set([
          ...OURS,
          ...path
            .slice(mark + 1)
            .split('&')
            .map(nameOf),
        ]);
  const more = query.split('&').filter((pair) => pair !== '' && !taken.has(nameOf(pair)));
  return more.length === 0 ? path : `${path}${mark < 0 ? '?' : '&'}${more.join('&')}`;
}

function nameOf(pair: string): string {
  const at = pair.indexOf('=');
  const name = (at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' ');
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}

import { type HeaderList, headerOf } from '@headgate/sdk';

/** Over TLS a cookie of that name can have been set by this host alone, whatever its neighbours do. */
const HOST = '__Host-';
const SESSION = 'headgate-session';

/** Names of the cookie of a session, over TLS and without. */
export const SESSION_COOKIES = [HOST + SESSION, SESSION] as const;
export const LOGIN_COOKIES = [`${HOST}headgate-login`, 'headgate-login'] as const;
/** Of a browser that is on its way to an authorization server of an MCP server. */
export const SIGN_IN_COOKIES = [`${HOST}headgate-mcp`, 'headgate-mcp'] as const;
type Names = readonly [secure: string, plain: string];

/** The value of a cookie under the first of its names that was sent; null when none was. */
export function readCookie(headers: HeaderList, names: Names): string | null {
  const all = headerOf(headers, 'cookie');
  if (all === undefined) return null;
  const pairs = all.split(';').map((pair) => pair.trim());
  for (const name of names) {
    const found = pairs.find((pair) => pair.startsWith(`${name}=`));
    if (found !== undefined) return found.slice(name.length + 1);
  }
  return null;
}

/** @param seconds how long it is kept; 0 takes it away */
export function setCookie(names: Names, value: string, secure: boolean, seconds: number): string {
  const name = secure ? names[0] : names[1];
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

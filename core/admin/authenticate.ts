import { type HeaderList, headerOf } from '@headgate/sdk';
import type { ControlRequest } from '../control.js';
import { sameSecret } from '../identity/same-secret.js';
import { ADMIN, type Caller, LOCAL, NOBODY } from './caller.js';
import { readCookie, SESSION_COOKIES } from './cookie.js';
import type { AdminParts } from './routes.js';

/** What service tokens begin with. */
export const TOKEN_PREFIX = 'hgs-';
/** Longer than any credential that is known here. */
const MOST = 256;

/** Who asks. Whoever shows something that is not known is nobody. Rejects when the store does not answer. */
export async function callerOf({ headers }: ControlRequest, parts: AdminParts): Promise<Caller> {
  const { token, oidc } = parts.config().admin;
  const { ownToken } = parts;
  // Possible on loopback alone.
  if (token === null && oidc === null && !ownToken.exists) return LOCAL;
  const shown = bearerOf(headers);
  if (shown.length > MOST) return NOBODY;
  if (shown !== '') {
    if (token !== null && sameSecret(shown, token.reveal())) return ADMIN;
    if (token === null && ownToken.is(shown)) return ADMIN;
    if (!shown.startsWith(TOKEN_PREFIX)) return NOBODY;
    const { tokenCaller } = await import('./token-caller.js');
    return (await tokenCaller(shown, parts)) ?? NOBODY;
  }
  const cookie = readCookie(headers, SESSION_COOKIES);
  if (cookie === null || oidc === null || cookie.length > MOST) return NOBODY;
  const { sessionCaller } = await import('./session-caller.js');
  return (await sessionCaller(cookie, parts)) ?? NOBODY;
}

/**
 * Whether a change comes from a page of another site. Where no token is asked for, only the page tells it from the user of
 * this machine; and a browser sends the cookie of a session whoever has made the page.
 */
export function isForeign({ headers }: ControlRequest, { kind }: Caller): boolean {
  const origin = headerOf(headers, 'origin');
  if (kind === 'local')
    return origin !== undefined && !/^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
  if (kind !== 'session') return false;
  if (origin === undefined) return headerOf(headers, 'sec-fetch-site') !== 'same-origin';
  return !URL.canParse(origin) || new URL(origin).host !== headerOf(headers, 'host');
}

function bearerOf(headers: HeaderList): string {
  const value = headerOf(headers, 'authorization') ?? '';
  return value.slice(0, 7).toLowerCase() === 'bearer ' ? value.slice(7).trim() : '';
}
